import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { Conversation } from './conversation.entity.js';
import { Message } from './message.entity.js';
import { titleOf } from './title.js';
import { LEASE_MS, TurnLease } from './turn.lease.js';

const KEY_LIFETIME_MS = 24 * 3_600_000;

/** Both rows of a turn; `replayed` where they were there already, under the request's idempotency key. */
export interface StoredTurn {
  userMessage: Message;
  assistantMessage: Message;
  replayed: boolean;
}

/** The client's own name for a request, and what the request was. */
export interface Idempotency {
  key: string;
  requestHash: string;
}

/** What a user's message is made of. */
export interface NewPrompt {
  content: string;
  contentTokens: number;
}

/** A request's fingerprint: the same key with another one is a mistake of the client's. */
export function fingerprint(...parts: (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Writes turns down before anything is asked of a model. */
@Injectable()
export class TurnStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
  ) {}

  /** The turn that this key already made; null where the key is new, or was used longer than 24 hours ago. */
  async findReplay(ownerId: number, idempotency: Idempotency | undefined): Promise<StoredTurn | null> {
    if (!idempotency) return null;
    const known = await this.messages.findOneBy({ ownerId, idempotencyKey: idempotency.key });
    if (!known) return null;
    if (known.createdAt.getTime() < Date.now() - KEY_LIFETIME_MS) {
      await this.messages.update({ id: known.id, ownerId }, { idempotencyKey: null, requestHash: null });
      return null;
    }
    if (known.requestHash !== idempotency.requestHash) throw new AppError('idempotency_key_reused');
    const turn = await (known.role === 'user' ? this.turnOfPrompt(known) : this.turnOfAnswer(known));
    return { ...turn, replayed: true };
  }

  /**
   * Stores the user's message and the answer to come, all or nothing.
   * @throws AppError not_found; turn_running with the running message's id
   */
  async create(
    conversation: Conversation,
    prompt: NewPrompt,
    idempotency?: Idempotency,
  ): Promise<StoredTurn> {
    const { id: conversationId, ownerId } = conversation;
    return this.guarded(conversation, idempotency, async (manager) => {
      const title = conversation.titleSource === 'none' ? titleOf(prompt.content) : undefined;
      const lastSeq = await this.takeSeqs(manager, conversation, 2, title);
      const userMessage = await this.insert(manager, {
        ...{ conversationId, ownerId, seq: lastSeq - 1, role: 'user', status: 'completed' },
        ...{ content: prompt.content, contentTokens: prompt.contentTokens, finishedAt: new Date() },
        ...keyOf(idempotency),
      });
      const assistantMessage = await this.insertAnswer(manager, userMessage, lastSeq);
      return { userMessage, assistantMessage, replayed: false };
    });
  }

  /**
   * Stores one more answer to the conversation's last prompt.
   * @throws AppError not_found, not_latest_answer; turn_running with the running message's id
   */
  async createAnswer(
    conversation: Conversation,
    answer: Message,
    idempotency?: Idempotency,
  ): Promise<StoredTurn> {
    return this.guarded(conversation, idempotency, async (manager) => {
      const lastSeq = await this.takeSeqs(manager, conversation, 1);
      const userMessage = await manager.findOneBy(Message, {
        id: answer.replyTo ?? 0,
        ownerId: conversation.ownerId,
      });
      if (!userMessage || answer.seq !== lastSeq - 1) throw new AppError('not_latest_answer');
      const assistantMessage = await this.insertAnswer(manager, userMessage, lastSeq, keyOf(idempotency));
      return { userMessage, assistantMessage, replayed: false };
    });
  }

  /** Runs the transaction; where a constraint refuses it, finds out which one by looking. */
  private async guarded(
    { id: conversationId, ownerId }: Conversation,
    idempotency: Idempotency | undefined,
    work: (manager: EntityManager) => Promise<StoredTurn>,
  ): Promise<StoredTurn> {
    try {
      return await inTransaction(this.dataSource, work);
    } catch (error) {
      const mayBeTwin = isUniqueViolation(error) || isNotLatestAnswer(error);
      const replay = mayBeTwin ? await this.findReplay(ownerId, idempotency) : null;
      if (replay) return replay;
      if (!isUniqueViolation(error)) throw error;
      const running = await this.messages.findOneBy({ runningIn: conversationId, ownerId });
      throw new AppError('turn_running', { retryAfter: 1, extensions: { runningMessageId: running?.id } });
    }
  }

  /** Takes the next places in the conversation; its row stays locked until the end of the transaction. */
  private async takeSeqs(
    manager: EntityManager,
    { id, ownerId, lastSeq, titleSource }: Conversation,
    count: number,
    title?: string,
  ): Promise<number> {
    const now = new Date();
    const said = { lastMessageAt: now, updatedAt: now };
    const named = title === undefined ? {} : { title, titleSource: 'auto' as const };
    // Mostly nothing has happened since the conversation was read: then one statement does it.
    const asRead = await manager.update(
      Conversation,
      { id, ownerId, lastSeq, titleSource },
      { lastSeq: lastSeq + count, ...said, ...named },
    );
    if (asRead.affected) return lastSeq + count;
    const { affected } = await manager.update(
      Conversation,
      { id, ownerId },
      { lastSeq: () => `last_seq + ${count}`, ...said },
    );
    if (affected === 0) throw new AppError('not_found');
    if (title) await manager.update(Conversation, { id, ownerId, titleSource: 'none' }, named);
    const where = { id, ownerId };
    return (await manager.findOneOrFail(Conversation, { where, select: { id: true, lastSeq: true } }))
      .lastSeq;
  }

  private insertAnswer(
    manager: EntityManager,
    prompt: Message,
    seq: number,
    more: Partial<Message> = {},
  ): Promise<Message> {
    const { conversationId, ownerId, id } = prompt;
    return this.insert(manager, {
      ...{ conversationId, ownerId, seq, role: 'assistant', content: '', status: 'pending', replyTo: id },
      ...{
        runningIn: conversationId,
        leaseOwner: this.lease.owner,
        leaseExpiresAt: new Date(Date.now() + LEASE_MS),
      },
      ...more,
    });
  }

  private async insert(manager: EntityManager, values: Partial<Message>): Promise<Message> {
    const message = manager.create(Message, { ...BLANK, createdAt: new Date(), ...values });
    await manager.insert(Message, message);
    return message;
  }

  private async turnOfPrompt(userMessage: Message): Promise<Omit<StoredTurn, 'replayed'>> {
    const { id: replyTo, ownerId } = userMessage;
    const assistantMessage = await this.messages.findOneOrFail({
      where: { replyTo, ownerId },
      order: { seq: 'ASC' },
    });
    return { userMessage, assistantMessage };
  }

  private async turnOfAnswer(assistantMessage: Message): Promise<Omit<StoredTurn, 'replayed'>> {
    const { replyTo, ownerId } = assistantMessage;
    return { userMessage: await this.messages.findOneByOrFail({ id: replyTo!, ownerId }), assistantMessage };
  }
}

/** Of two requests for the same new answer the second finds the first one's answer behind the one it named. */
function isNotLatestAnswer(error: unknown): boolean {
  return error instanceof AppError && error.code === 'not_latest_answer';
}

function keyOf(idempotency: Idempotency | undefined): Partial<Message> {
  return idempotency ? { idempotencyKey: idempotency.key, requestHash: idempotency.requestHash } : {};
}

/** A new row knows nothing yet: each column is named, so that the object says what the row says. */
const BLANK: Partial<Message> = {
  replyTo: null,
  idempotencyKey: null,
  requestHash: null,
  errorCode: null,
  providerCode: null,
  provider: null,
  model: null,
  contentTokens: null,
  inputTokens: null,
  outputTokens: null,
  usageEstimated: false,
  feedback: null,
  runningIn: null,
  leaseOwner: null,
  leaseExpiresAt: null,
  stopRequestedAt: null,
  finishedAt: null,
};
