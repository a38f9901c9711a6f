import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { waitForDatabase } from '../database/patience.js';
import { execute, marks } from '../database/statements.js';
import { Message } from './message.entity.js';
import { TurnLease } from './turn.lease.js';

const PATIENCE_MS = 60_000;
const BATCH = 100;

interface Waiting {
  id: number;
  resolve: (mayStart: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * The line between a turn that can still be begun elsewhere and one whose model is asked: a row crosses it once, so
 * that no turn asks twice, whoever dies when. Turns that come at the same time cross together, in one statement.
 */
@Injectable()
export class TurnStartLine {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
  ) {}

  /**
   * Notes on the row that the model is about to be asked. False: the turn is not this process's any more. A database
   * that is away is waited for, for a minute: the turn is stored, and nothing was asked yet.
   */
  cross(messageId: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id: messageId, resolve, reject });
      if (!this.busy) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      try {
        const started = await waitForDatabase(() => this.mark(batch.map(({ id }) => id)), PATIENCE_MS);
        for (const { id, resolve } of batch) resolve(started.has(id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.busy = false;
  }

  /** A row that says `streaming` under this process's lease was marked just now, if by a try whose answer got lost. */
  private async mark(ids: number[]): Promise<Set<number>> {
    const { affected } = await execute(
      this.messages.manager,
      `UPDATE messages SET status = ? WHERE id IN (${marks(ids)}) AND lease_owner = ? AND status = ?`,
      ['streaming', ...ids, this.lease.owner, 'pending'],
    );
    if (affected === ids.length) return new Set(ids);
    const own = { id: In(ids), leaseOwner: this.lease.owner };
    const rows = await this.messages.find({ where: { ...own, status: 'streaming' }, select: { id: true } });
    return new Set(rows.map(({ id }) => id));
  }
}
