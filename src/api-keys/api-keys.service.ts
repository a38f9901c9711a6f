import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, LessThan, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import type { AuthUser, KeyUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { execute, storedAs } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { PasswordProof } from '../users/password-proof.js';
import { ApiKey, scopesOf } from './api-key.entity.js';
import { hashOf, hintOf, isWholeKey, newSecret } from './api-key.secret.js';
import { ApiKeyDto, type ApiKeyPageDto, NewApiKeyDto } from './dto/api-key.dto.js';
import type { CreateApiKeyDto } from './dto/create-api-key.dto.js';

/** Keys that one user may have. */
const KEYS_OF_A_USER = 50;
/** When a key was last used is written down no more often. */
const USE_MS = 60_000;

/** A key that is known, with whose it is. */
interface Found extends Pick<AuthUser, 'id' | 'username' | 'role'> {
  keyId: number;
  scopes: string;
  isStale: number;
}

/** The keys by which machines act for a user: made, listed, revoked, and found at every request. */
@Injectable()
export class ApiKeysService {
  private readonly logger = new Logger('ApiKeys');
  /** Keys whose use is being written down. */
  private readonly noting = new Set<number>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly proof: PasswordProof,
    private readonly audit: AuditService,
  ) {}

  /**
   * Makes a key, which is shown this once. It outlives the login that makes it, so that the password is asked for.
   * @throws AppError wrong_password, too_many_api_keys; RateLimitedError
   */
  async create(user: AuthUser, dto: CreateApiKeyDto, address: string): Promise<NewApiKeyDto> {
    await this.proof.demand(user, dto.password, address);
    const secret = newSecret();
    const key = await inTransaction(this.dataSource, (manager) => this.insert(manager, user.id, dto, secret));
    return NewApiKeyDto.of(key, secret);
  }

  /** Newest first, those that have expired as well. */
  async list(userId: number, { limit, cursor }: PageQueryDto): Promise<ApiKeyPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const rows = await this.keys.find({
      where: { userId, ...(before !== undefined && { id: LessThan(before) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((key) => ApiKeyDto.from(key)), nextCursor };
  }

  /** @throws AppError not_found */
  async find(userId: number, id: number): Promise<ApiKeyDto> {
    return ApiKeyDto.from(await findOwned(this.keys.manager, userId, id));
  }

  /** Ends a key at once, at every process. @throws AppError not_found */
  async revoke(userId: number, id: number): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      const key = await findOwned(manager, userId, id);
      const { affected } = await manager.delete(ApiKey, { id, userId });
      // Somebody else has revoked it meanwhile: it is told once.
      if (!affected) throw new AppError('not_found');
      await this.audit.record(manager, { userId, type: 'api_key_revoked', apiKeyId: id, details: told(key) });
    });
  }

  /**
   * Whom a key stands for, while it can be used; null once it is revoked or over, or the user deactivated. By hand, and
   * no more than is needed: it stands before every request. Without the scope `admin` an admin is one user like others.
   */
  async findActive(secret: string): Promise<KeyUser | null> {
    if (!isWholeKey(secret)) return null;
    const { manager } = this.keys;
    const now = Date.now();
    const time = (at: number) => storedAs(manager, ApiKey, 'lastUsedAt', new Date(at));
    const [found] = await manager.query<Found[]>(
      'SELECT u.id, u.username, u.role, k.id AS keyId, k.scopes, ' +
        '(k.last_used_at IS NULL OR k.last_used_at < ?) AS isStale FROM api_keys k JOIN users u ON u.id = k.user_id ' +
        'WHERE k.secret_hash = ? AND (k.expires_at IS NULL OR k.expires_at > ?) AND u.deactivated_at IS NULL',
      [time(now - USE_MS), hashOf(secret), time(now)],
    );
    if (!found) return null;
    if (Number(found.isStale)) void this.noteUse(found.keyId);
    const scopes = scopesOf(found.scopes);
    const role = scopes.includes('admin') ? found.role : 'user';
    return { id: found.id, username: found.username, role, apiKeyId: found.keyId, scopes };
  }

  /** Not waited for, and of many requests at once by one: what is written is true to the minute. */
  private async noteUse(id: number): Promise<void> {
    if (this.noting.has(id)) return;
    this.noting.add(id);
    const { manager } = this.keys;
    try {
      const now = storedAs(manager, ApiKey, 'lastUsedAt', new Date());
      await execute(manager, 'UPDATE api_keys SET last_used_at = ? WHERE id = ?', [now, id]);
    } catch (error) {
      this.logger.warn(`cannot note the use of a key: ${(error as { code?: string }).code ?? 'error'}`);
    } finally {
      this.noting.delete(id);
    }
  }

  private async insert(
    manager: EntityManager,
    userId: number,
    { name, scopes, expiresAt = null }: CreateApiKeyDto,
    secret: string,
  ): Promise<ApiKey> {
    // The account's row is the lock: of two that come at the limit one finds the other's key.
    await execute(manager, 'UPDATE users SET id = id WHERE id = ?', [userId]);
    if ((await manager.countBy(ApiKey, { userId })) >= KEYS_OF_A_USER)
      throw new AppError('too_many_api_keys', { params: { limit: KEYS_OF_A_USER } });
    const key = manager.create(ApiKey, {
      ...{ userId, name, scopes, secretHash: hashOf(secret), hint: hintOf(secret) },
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
      lastUsedAt: null,
      createdAt: new Date(),
    });
    await manager.insert(ApiKey, key);
    await this.audit.record(manager, {
      ...{ userId, type: 'api_key_created', apiKeyId: key.id, details: told(key) },
    });
    return key;
  }
}

async function findOwned(manager: EntityManager, userId: number, id: number): Promise<ApiKey> {
  const key = await manager.findOneBy(ApiKey, { id, userId });
  if (!key) throw new AppError('not_found');
  return key;
}

/** What the log tells of a key: its name is its owner's text. */
function told({ hint, scopes }: ApiKey): { hint: string; scopes: string } {
  return { hint, scopes: scopes.join(' ') };
}
