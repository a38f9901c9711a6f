import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, Not, type Repository } from 'typeorm';
import { Signals } from '../../libs/streams/signals.js';
import { Message } from './message.entity.js';

/** How long a running turn stands without a sign of life from its process before others take it for lost. */
export const LEASE_MS = 5_000;
const BEAT_MS = 1_000;

const STOP = 'turn.stop';

/** Told that somebody else wants one of this process's turns to stop. */
export type StopListener = (messageId: number) => void;

/** What of a turn's row is of interest when its lease has run out. */
export function expired() {
  return { runningIn: Not(IsNull()), leaseExpiresAt: LessThan(new Date()) };
}

/**
 * This process's claim on the turns that it runs: one statement a second renews them all. While nothing runs,
 * nothing is asked. Requests to stop come as signals, and stand on the row for the case that a signal gets lost.
 */
@Injectable()
export class TurnLease implements OnApplicationShutdown {
  /** This process, for as long as it lives. */
  readonly owner = randomUUID();
  private readonly logger = new Logger('TurnLease');
  private readonly running = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private onStop: StopListener = () => undefined;

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly signals: Signals,
  ) {
    signals.on(STOP, (id) => {
      if (typeof id === 'number' && this.running.has(id)) this.onStop(id);
    });
  }

  /** Names who is told of stop requests from other processes. */
  listen(onStop: StopListener): void {
    this.onStop = onStop;
  }

  /** Renews the lease of this turn from now on. */
  hold(messageId: number): void {
    this.running.add(messageId);
    this.timer ??= setInterval(() => void this.beat(), BEAT_MS).unref();
  }

  /** Whether this process runs this turn now. */
  holds(messageId: number): boolean {
    return this.running.has(messageId);
  }

  /** The turn has ended; its row says so already. */
  letGo(messageId: number): void {
    this.running.delete(messageId);
    if (this.running.size === 0) this.pause();
  }

  /** Takes up a turn whose process died before it had asked a model; false where somebody else has done so. */
  async takeOver({ id, attempt }: Message): Promise<boolean> {
    const { affected } = await this.messages.update(
      { id, attempt, status: 'pending', stopRequestedAt: IsNull(), ...expired() },
      { leaseOwner: this.owner, leaseExpiresAt: new Date(Date.now() + LEASE_MS), attempt: attempt + 1 },
    );
    return affected === 1;
  }

  /** Asks whichever process runs this turn to stop it: on its row, and by a signal, which is faster. */
  async requestStop(ownerId: number, messageId: number): Promise<void> {
    const running = { id: messageId, ownerId, runningIn: Not(IsNull()) };
    await this.messages.update(running, { stopRequestedAt: new Date() });
    await this.signals.send(STOP, messageId);
  }

  onApplicationShutdown(): void {
    this.pause();
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async beat(): Promise<void> {
    try {
      // By name: a row of this process that it does not run (its turn was never begun) is left to the sweeper.
      const own = { leaseOwner: this.owner, id: In([...this.running]) };
      await this.messages.update(own, { leaseExpiresAt: new Date(Date.now() + LEASE_MS) });
      const asked = await this.messages.find({
        where: { ...own, stopRequestedAt: Not(IsNull()) },
        select: { id: true },
      });
      for (const { id } of asked) this.onStop(id);
    } catch (error) {
      // The next beat tries again; a database that stays away costs the lease, which is what a lease is for.
      this.logger.warn(`cannot renew leases: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }
}
