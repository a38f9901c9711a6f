import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { assertLoggedIn, type AuthUser } from '../common/current-user.js';
import { ConversationErasure } from '../conversations/conversation-erasure.service.js';
import { Sweep } from '../database/sweep.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { PasswordProof } from '../users/password-proof.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { DeleteAccountDto } from './dto/leaving.dto.js';

/** How long a removal may go without a step before another process goes on with it. */
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
/** So long a request waits for the end; most accounts are gone within a few milliseconds. */
const PATIENCE_MS = 5_000;
/** Between two steps: SQLite works in this process, and lets nothing else happen by itself. */
const PAUSE_MS = 5;
/** Files a step: a long document has thousands of passages. */
const FILES = 10;

/**
 * Deletes accounts. From the first statement on nobody can use one; then all that it has goes in steps, each a
 * transaction of its own, so that a large account holds nobody up; its row goes last, with whatever came in between. A
 * process that ends in the middle is followed by another one. Doing a step twice at once does no harm.
 */
@Injectable()
export class AccountRemoval implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AccountRemoval');
  private readonly running = new Set<Promise<void>>();
  private stopped = false;
  private readonly sweep = new Sweep<User>({
    ...{ name: 'AccountRemoval', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
    look: () => this.users.overdueLeaving(),
    take: ({ id }) => this.goOn(id),
  });

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly proof: PasswordProof,
    private readonly conversations: ConversationErasure,
    private readonly files: FilesService,
    private readonly audit: AuditService,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  /** The database goes after this: a step that is under way is waited for. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.sweep.end();
    await Promise.all(this.running);
  }

  /**
   * Deletes the account with everything that belongs to it. When this returns nobody can log in to it any more; what is
   * left of a large one goes within the next minutes.
   * @throws AppError wrong_password; RateLimitedError
   */
  async leave(user: AuthUser, { password }: DeleteAccountDto, address: string): Promise<void> {
    await this.proof.demand(user, password, address);
    await this.removeNow(user.id);
  }

  /**
   * The same by the account's login alone, for clients that do not ask for the password again.
   * @throws AppError session_required where a key acts, unauthenticated where nobody has logged in
   */
  async leaveByLogin(user: AuthUser): Promise<void> {
    assertLoggedIn(user);
    await this.removeNow(user.id);
  }

  private async removeNow(id: number): Promise<void> {
    await this.users.leave(id, LEASE_MS);
    const patience = new AbortController();
    await Promise.race([
      this.start(id),
      sleep(PATIENCE_MS, undefined, { signal: patience.signal, ref: false }).catch(() => undefined),
    ]);
    patience.abort();
  }

  private async goOn(id: number): Promise<void> {
    if (await this.users.takeLeaving(id, LEASE_MS)) await this.start(id);
  }

  /** Never throws: what could not be done is done when the lease has run out. */
  private start(id: number): Promise<void> {
    const work = this.remove(id)
      .catch((error: unknown) => {
        const code = (error as { code?: string }).code ?? (error as Error).name;
        this.logger.warn(`the removal of an account goes on later: ${code}`);
      })
      .finally(() => this.running.delete(work));
    this.running.add(work);
    return work;
  }

  private async remove(id: number): Promise<void> {
    while (!this.stopped && ((await this.conversations.eraseSome(id)) || (await this.discardSome(id)))) {
      await this.users.renewLeaving(id, LEASE_MS);
      await sleep(PAUSE_MS);
    }
    if (this.stopped) return;
    const isGone = await this.users.delete(id, (manager) => this.files.discardAll(manager, id));
    if (isGone) this.audit.accountDeleted();
  }

  private async discardSome(ownerId: number): Promise<boolean> {
    const files = await this.dataSource.manager.find(StoredFile, {
      where: { ownerId },
      select: { id: true },
      order: { id: 'ASC' },
      take: FILES,
    });
    const ids = files.map(({ id }) => id);
    await inTransaction(this.dataSource, (manager) => this.files.discard(manager, ownerId, { ids }));
    return ids.length > 0;
  }
}
