import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, Not, type Repository } from 'typeorm';
import { countTokens } from '../llm/token-counter.js';
import { Message } from './message.entity.js';
import { RELEASED } from './turn.ending.js';
import { LEASE_MS, TurnLease } from './turn.lease.js';

const SWEEP_MS = 1_000;
const BATCH = 100;

/** Ends the turns of processes that are gone: what they had written stays, and the conversation can go on. */
@Injectable()
export class TurnSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('TurnSweeper');
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** After an outage of the database: leases that could not be renewed say nothing yet of their owners. */
  private notBefore = 0;

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (!this.stopped)
      this.timer = setTimeout(() => void this.sweep().finally(() => this.schedule()), SWEEP_MS).unref();
  }

  private async sweep(): Promise<void> {
    try {
      const lost = await this.messages.find({ where: expired(), take: BATCH });
      if (Date.now() < this.notBefore) return;
      // What this process runs is not lost, however long a database was away that should have been told so.
      for (const message of lost) if (!this.lease.holds(message.id)) await this.interrupt(message);
    } catch (error) {
      this.notBefore = Date.now() + LEASE_MS;
      this.logger.warn(`cannot sweep: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }

  /** The lease is looked at once more in the statement itself: its owner may have come back a moment ago. */
  private async interrupt({ id, content }: Message): Promise<void> {
    const { affected } = await this.messages.update(
      { id, ...expired() },
      {
        ...{
          status: 'interrupted',
          errorCode: 'process_ended',
          finishedAt: new Date(),
          contentTokens: countTokens(content),
        },
        ...{ inputTokens: 0, outputTokens: countTokens(content), usageEstimated: true, ...RELEASED },
      },
    );
    if (affected) this.logger.log(`turn ${id} was interrupted: its process is gone`);
  }
}

function expired() {
  return { runningIn: Not(IsNull()), leaseExpiresAt: LessThan(new Date()) };
}
