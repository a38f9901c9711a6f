import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { isUniqueViolation } from '../database/failures.js';
import { updateRows } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { Branches, type BranchPoint } from './branches.js';
import { Conversation } from './conversation.entity.js';
import { attachFiles } from './message-files.js';
import { Message, type OnDisconnect } from './message.entity.js';
import { storeConversation } from './new-conversation.js';
import { insertMessage } from './new-message.js';
import { titleOf } from './title.js';
import { TurnBudget } from './turn.budget.js';
import { LEASE_MS, TurnLease } from './turn.lease.js';
import { type StoredTurn, TurnReplays } from './turn.replays.js';

/** What a user's message is made of. */
export interface NewPrompt {
  content: string;
  contentTokens: number;
  /** Stored files that it carries. */
  fileIds: number[];
}

/** How a turn is to be stored. */
export interface TurnTerms {
  /** Tokens to set aside for it. */
  tokens: number;
  onDisconnect: OnDisconnect;
  idempotency: Idempotency | undefined;
}

/** Where in the conversation a turn goes. */
export interface TurnPlace {
  /** The message that it follows; null at the beginning. */
  parent: BranchPoint | null;
  /** It was named by the request; otherwise the turn follows whatever the conversation's last answer is by then. */
  isNamed: boolean;
  /** The conversation's summary tells of another branch. */
  losesSummary: boolean;
}

/** The prompt does not say any more what it said when it was read. */
export class PromptRewordedError extends Error {}

/** Writes turns down before anything is asked of a model. */
@Injectable()
export class TurnStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
    private readonly branches: Branches,
    private readonly budget: TurnBudget,
    private readonly replays: TurnReplays,
  ) {}

  /**
   * Stores the user's message and the answer to come, and with them a conversation that is new: all or nothing.
   * @throws AppError not_found (also a file), quota_exceeded, too_many_turns; turn_running with the running message's
   *   id
   */
  async create(
    conversation: Conversation,
    prompt: NewPrompt,
    place: TurnPlace,
    terms: TurnTerms,
  ): Promise<StoredTurn> {
    const { id } = conversation;
    return this.guarded(conversation, terms, async (manager, now) => {
      // A transaction that is run again, as the victim of a deadlock, stores a new conversation again.
      conversation.id = id;
      const { id: conversationId, ownerId } = await storeConversation(manager, conversation);
      const title = conversation.titleSource === 'none' ? titleOf(prompt.content) : undefined;
      const { lastSeq, parentId } = await this.takeSeqs(manager, conversation, 2, place, title);
      const userMessage = await insertMessage(manager, {
        ...{
          conversationId,
          ownerId,
          seq: lastSeq - 1,
          role: 'user',
          status: 'completed',
          replyTo: parentId,
        },
        ...{ content: prompt.content, contentTokens: prompt.contentTokens },
        hasFiles: prompt.fileIds.length > 0,
        ...{ createdAt: now, finishedAt: now },
        ...keyOf(terms.idempotency),
      });
      if (userMessage.hasFiles) await attachFiles(manager, userMessage, prompt.fileIds);
      const assistantMessage = await this.insertAnswer(manager, userMessage, lastSeq, terms, {
        createdAt: now,
      });
      return { userMessage, assistantMessage, replayed: false };
    });
  }

  /**
   * Stores one more answer to a prompt; the conversation goes on from it.
   * @throws AppError not_found, quota_exceeded, too_many_turns; turn_running with the running message's id
   * @throws PromptRewordedError
   */
  async createAnswer(
    conversation: Conversation,
    prompt: Message,
    losesSummary: boolean,
    terms: TurnTerms,
  ): Promise<StoredTurn> {
    return this.guarded(conversation, terms, async (manager, now) => {
      const place = { parent: prompt, isNamed: true, losesSummary };
      const { lastSeq } = await this.takeSeqs(manager, conversation, 1, place);
      await assertAsRead(manager, prompt);
      const more = { createdAt: now, ...keyOf(terms.idempotency) };
      const assistantMessage = await this.insertAnswer(manager, prompt, lastSeq, terms, more);
      return { userMessage: prompt, assistantMessage, replayed: false };
    });
  }

  /** Runs the transaction; where a constraint refuses it, finds out which one by looking. */
  private async guarded(
    conversation: Conversation,
    { tokens, idempotency }: TurnTerms,
    work: (manager: EntityManager, now: Date) => Promise<StoredTurn>,
  ): Promise<StoredTurn> {
    const { ownerId } = conversation;
    try {
      return await inTransaction(this.dataSource, async (manager) => {
        // One moment for the whole turn: what is set aside is settled for the day of the answer's making.
        const now = new Date();
        await this.budget.reserve(manager, ownerId, tokens, now);
        return work(manager, now);
      });
    } catch (error) {
      if (!isUniqueViolation(error) && !isOutOfBudget(error)) throw error;
      const replay = await this.replays.find(ownerId, idempotency);
      if (replay) return replay;
      if (!isUniqueViolation(error)) throw error;
      const running = await this.messages.findOneBy({ runningIn: conversation.id, ownerId });
      throw new AppError('turn_running', { retryAfter: 1, extensions: { runningMessageId: running?.id } });
    }
  }

  /** Takes the next places in the conversation; its row stays locked until the end of the transaction. */
  private async takeSeqs(
    manager: EntityManager,
    conversation: Conversation,
    count: number,
    place: TurnPlace,
    title?: string,
  ): Promise<{ lastSeq: number; parentId: number | null }> {
    const { id, ownerId, lastSeq, activeSeq, titleSource, summaryUntil } = conversation;
    const now = new Date();
    const changes = {
      // Whatever is gone on with is not put away any more.
      ...{ lastMessageAt: now, updatedAt: now, isIndexed: false, archived: false },
      ...(conversation.hasDocuments && { hasDocuments: true }),
      ...(place.losesSummary && { summary: null, summaryUntil: 0 }),
    };
    const named = title === undefined ? {} : { title, titleSource: 'auto' as const };
    const end = lastSeq + count;
    // Mostly nothing has happened since the conversation was read: then one statement does it.
    const asRead = await updateRows(
      manager,
      Conversation,
      { id, ownerId, lastSeq, activeSeq, titleSource, ...(place.isNamed && { summaryUntil }) },
      { lastSeq: end, activeSeq: end, ...changes, ...named },
    );
    if (asRead > 0) return { lastSeq: end, parentId: place.parent?.id ?? null };
    if (title) await manager.update(Conversation, { id, ownerId, titleSource: 'none' }, named);
    return this.takeSeqsBehindOthers(manager, conversation, count, { place, changes });
  }

  /** Somebody was faster: the row is locked first, and then read again. */
  private async takeSeqsBehindOthers(
    manager: EntityManager,
    { id, ownerId }: Conversation,
    count: number,
    { place, changes }: { place: TurnPlace; changes: Partial<Conversation> },
  ): Promise<{ lastSeq: number; parentId: number | null }> {
    const where = { id, ownerId };
    const { affected } = await manager.update(Conversation, where, {
      ...changes,
      lastSeq: () => `last_seq + ${count}`,
    });
    if (affected === 0) throw new AppError('not_found');
    const now = await manager.findOneByOrFail(Conversation, where);
    const parent = place.isNamed ? place.parent : await this.branches.activeEnd(now, manager);
    const isSummarized = await this.branches.isSummarized(now, parent, manager);
    await manager.update(Conversation, where, {
      activeSeq: now.lastSeq,
      ...(!isSummarized && { summary: null, summaryUntil: 0 }),
    });
    return { lastSeq: now.lastSeq, parentId: parent?.id ?? null };
  }

  private insertAnswer(
    manager: EntityManager,
    prompt: Message,
    seq: number,
    { tokens, onDisconnect }: TurnTerms,
    more: Partial<Message>,
  ): Promise<Message> {
    const { conversationId, ownerId, id } = prompt;
    return insertMessage(manager, {
      ...{ conversationId, ownerId, seq, role: 'assistant', content: '', status: 'pending', replyTo: id },
      ...{
        runningIn: conversationId,
        leaseOwner: this.lease.owner,
        leaseExpiresAt: new Date(Date.now() + LEASE_MS),
      },
      ...{ reservedTokens: tokens, onDisconnect },
      ...more,
    });
  }
}

/**
 * Who rewords a message has the conversation's lock, too: behind it the text stays. Asked in a statement that changes
 * nothing, since a transaction of MariaDB reads what was there when it began to read.
 */
async function assertAsRead(manager: EntityManager, { id, ownerId, content }: Message): Promise<void> {
  const found = await updateRows(manager, Message, { id, ownerId, content }, { content });
  if (found === 0) throw new PromptRewordedError();
}

/** Of two requests with one key the second may find the day used up by the first one. */
function isOutOfBudget(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'quota_exceeded' || error.code === 'too_many_turns');
}

function keyOf(idempotency: Idempotency | undefined): Partial<Message> {
  return idempotency ? { idempotencyKey: idempotency.key, requestHash: idempotency.requestHash } : {};
}
