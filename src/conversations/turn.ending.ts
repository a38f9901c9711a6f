import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { isDatabaseUnavailable } from '../database/failures.js';
import { countTokens } from '../llm/token-counter.js';
import type { Answer } from './answer.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import { type FinalStatus, isFinal, Message } from './message.entity.js';
import { TurnLease } from './turn.lease.js';

/** What a row says that holds no turn any more. */
export const RELEASED = {
  runningIn: null,
  leaseOwner: null,
  leaseExpiresAt: null,
  stopRequestedAt: null,
} as const;

const PATIENCE_MS = 60_000;

/** Writes the end of a turn into its row. */
@Injectable()
export class TurnEnding {
  private readonly logger = new Logger('TurnEnding');

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
  ) {}

  /**
   * Writes the answer's final state, and returns the row as it then is. Where another process has ended the turn
   * already (the lease had run out), its word stands. A database that is away is waited for, for a minute.
   * @param told why the turn was told to end before its model was done
   */
  async write(message: Message, answer: Answer, told?: 'stopped' | 'interrupted'): Promise<Message> {
    const changes = { ...finalState(answer, told), ...RELEASED };
    const ended = Object.assign(new Message(), message, changes);
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      try {
        const own = { id: message.id, leaseOwner: this.lease.owner };
        const { affected } = await this.messages.update(own, changes);
        return affected === 0 ? ((await this.other(message)) ?? interrupted(ended)) : ended;
      } catch (error) {
        if (!isDatabaseUnavailable(error) || Date.now() > deadline) {
          // The lease runs out by itself, and the sweeper ends the row with the text it has.
          this.logger.error(
            `turn ${message.id}: its end cannot be written (${(error as { code?: string }).code ?? 'error'})`,
          );
          return interrupted(ended);
        }
        await sleep(200);
      }
    }
  }

  private async other({ id, ownerId }: Message): Promise<Message | undefined> {
    const row = await this.messages.findOneBy({ id, ownerId });
    return row && isFinal(row.status) ? row : undefined;
  }
}

function interrupted(message: Message): Message {
  return Object.assign(message, {
    status: 'interrupted',
    errorCode: 'process_ended',
  } satisfies Partial<Message>);
}

function finalState(answer: Answer, told?: 'stopped' | 'interrupted') {
  const { text, provider, model, error } = answer;
  const contentTokens = countTokens(text);
  const status: FinalStatus = told && !answer.done ? told : error ? 'failed' : 'completed';
  return {
    ...{
      content: text,
      contentTokens,
      status,
      provider,
      model: model?.slice(0, 100) ?? null,
      finishedAt: new Date(),
    },
    ...errorOf(status, error),
    ...usageOf(answer, contentTokens),
  };
}

function errorOf(status: FinalStatus, error: Answer['error']) {
  if (status === 'failed' && error) return { errorCode: error.code, providerCode: error.providerCode };
  return { errorCode: status === 'interrupted' ? 'process_ended' : null, providerCode: null };
}

/** What the provider counted; our own count where it sent none, as after a stop. Nothing was used where nothing came. */
function usageOf({ usage, request, text, provider }: Answer, contentTokens: number) {
  if (usage) return { ...usage, usageEstimated: false };
  if (provider === null && text === '') return { inputTokens: 0, outputTokens: 0, usageEstimated: true };
  const inputTokens = (request?.messages ?? []).reduce(
    (sum, { content }) => sum + countTokens(content) + MESSAGE_OVERHEAD_TOKENS,
    0,
  );
  return { inputTokens, outputTokens: contentTokens, usageEstimated: true };
}
