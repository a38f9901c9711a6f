import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type { DataSource, EntityManager, Repository } from 'typeorm';
import { waitForDatabase } from '../database/patience.js';
import { updateRows } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { countTokens } from '../llm/token-counter.js';
import { UsageService } from '../usage/usage.service.js';
import { utcDay } from '../usage/utc-day.js';
import type { Answer } from './answer.js';
import { type FinalStatus, isFinal, Message } from './message.entity.js';
import { expired, TurnLease } from './turn.lease.js';

/** What a row says that holds no turn any more. */
const RELEASED = {
  runningIn: null,
  leaseOwner: null,
  leaseExpiresAt: null,
  stopRequestedAt: null,
  reservedTokens: 0,
} as const;

const PATIENCE_MS = 60_000;

/** What an ended turn's row says of it. */
type FinalState = ReturnType<typeof finalState>;

/** Changes an answer's row on one condition; false where it does not hold. */
type RowChange = (manager: EntityManager, id: number, changes: Partial<Message>) => Promise<boolean>;

const lost: RowChange = async (manager, id, changes) =>
  (await manager.update(Message, { id, ...expired() }, changes)).affected !== 0;

/** The row is not the caller's to end: the transaction is taken back. */
class NotOurs extends Error {}

/** Writes the end of a turn into its row, and books what it used: both or neither, and once. */
@Injectable()
export class TurnEnding {
  private readonly logger = new Logger('TurnEnding');

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
    private readonly usage: UsageService,
  ) {}

  /**
   * Writes the answer's final state, and returns the row as it then is. Where another process has ended the turn
   * already (the lease had run out), its word stands. A database that is away is waited for, for a minute.
   * @param told why the turn was told to end before its model was done
   */
  async write(message: Message, answer: Answer, told?: 'stopped' | 'interrupted'): Promise<Message> {
    const state = finalState(answer, told);
    const ended = Object.assign(new Message(), message, state, RELEASED);
    try {
      return await waitForDatabase(async () => {
        if (await this.conclude(message, state, this.own)) return ended;
        return (await this.other(message, state)) ?? interrupted(ended);
      }, PATIENCE_MS);
    } catch (error) {
      // The lease runs out by itself, and the sweeper ends the row with the text it has.
      const code = (error as { code?: string }).code ?? 'error';
      this.logger.error(`turn ${message.id}: its end cannot be written (${code})`);
      return interrupted(ended);
    }
  }

  /**
   * Ends a turn whose process is gone, with the text that there is; `stopped` where somebody wanted that. Null where
   * its process has come back.
   */
  async sweep(message: Message, text: string): Promise<Message | null> {
    const outputTokens = countTokens(text);
    const state: FinalState = {
      ...{ content: text, contentTokens: outputTokens, finishedAt: new Date(), finishReason: null },
      ...{ provider: message.provider, model: message.model, providerCode: null },
      ...(message.stopRequestedAt === null
        ? { status: 'interrupted', errorCode: 'process_ended' }
        : { status: 'stopped', errorCode: null }),
      ...{ inputTokens: 0, outputTokens, usageEstimated: true },
    };
    const isEnded = await this.conclude(message, state, lost);
    return isEnded ? Object.assign(new Message(), message, state, RELEASED) : null;
  }

  private readonly own: RowChange = async (manager, id, changes) =>
    (await updateRows(manager, Message, { id, leaseOwner: this.lease.owner }, changes)) > 0;

  /** One transaction; the user's row of the day is locked first, as where a turn begins. */
  private async conclude(
    { id, ownerId, createdAt, reservedTokens }: Message,
    state: FinalState,
    change: RowChange,
  ): Promise<boolean> {
    const { inputTokens, outputTokens, usageEstimated: estimated } = state;
    const used = { reserved: reservedTokens, inputTokens, outputTokens, estimated };
    try {
      await inTransaction(this.dataSource, async (manager) => {
        await this.usage.settle(manager, ownerId, utcDay(createdAt), used);
        if (!(await change(manager, id, { ...state, ...RELEASED }))) throw new NotOurs();
      });
      return true;
    } catch (error) {
      if (error instanceof NotOurs) return false;
      throw error;
    }
  }

  /** Somebody else has ended the turn; or its row was deleted, which took its reservation back but not its cost. */
  private async other(message: Message, state: FinalState): Promise<Message | undefined> {
    const { id, ownerId, createdAt } = message;
    const row = await this.messages.findOneBy({ id, ownerId });
    if (row) return isFinal(row.status) ? row : undefined;
    const { inputTokens, outputTokens, usageEstimated: estimated } = state;
    const used = { reserved: 0, inputTokens, outputTokens, estimated };
    await this.usage.settle(this.dataSource.manager, ownerId, utcDay(createdAt), used);
    return undefined;
  }
}

function interrupted(message: Message): Message {
  return Object.assign(message, {
    status: 'interrupted',
    errorCode: 'process_ended',
  } satisfies Partial<Message>);
}

function finalState(answer: Answer, told?: 'stopped' | 'interrupted') {
  const { text, provider, model, error, finishReason } = answer;
  const contentTokens = countTokens(text);
  const status: FinalStatus = told && !answer.done ? told : error ? 'failed' : 'completed';
  return {
    ...{ content: text, contentTokens, status, finishReason, finishedAt: new Date() },
    ...{ provider, model: model?.slice(0, 100) ?? null },
    ...errorOf(status, error),
    ...answer.cost(contentTokens),
  };
}

function errorOf(status: FinalStatus, error: Answer['error']) {
  if (status === 'failed' && error) return { errorCode: error.code, providerCode: error.providerCode };
  return { errorCode: status === 'interrupted' ? 'process_ended' : null, providerCode: null };
}
