import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type Repository } from 'typeorm';
import { isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { Conversation } from './conversation.entity.js';
import { ConversationPartners } from './conversation.partners.js';
import { newConversation } from './new-conversation.js';

/** Whom, or what, a conversation is the running one of: a chatbot or a topic. */
export type RunningWith = { chatbotId: number } | { topicId: number };

/**
 * The one conversation of a user with a chatbot, or on a topic, that goes on whenever he comes back. A mark on it is
 * unique beside the chatbot (the topic): of several who come at once one sets it, and the others find it.
 */
@Injectable()
export class RunningConversations {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    private readonly partners: ConversationPartners,
  ) {}

  /**
   * The running conversation. Where there is none yet, it is from now on the one last talked in with this chatbot (on
   * this topic), or else a new one.
   * @throws AppError not_found
   */
  async of(ownerId: number, partner: RunningWith): Promise<Conversation> {
    await this.partners.assertOwned(ownerId, partner);
    for (;;) {
      const known = await this.find(ownerId, partner);
      if (known && isMarked(known, partner)) return known;
      const marked = known ? await this.mark(known, partner) : await this.make(ownerId, partner);
      if (marked) return marked;
    }
  }

  /** The running conversation, or the one that would become it; null where there is none. Changes nothing. */
  async find(ownerId: number, partner: RunningWith): Promise<Conversation | null> {
    const running = await this.conversations.findOneBy({ ownerId, ...partner, ...markOf(partner) });
    if (running) return running;
    const order = { lastMessageAt: 'DESC', id: 'DESC' } as const;
    return this.conversations.findOne({ where: { ownerId, ...partner }, order });
  }

  /** What is remembered of the running conversations on topics, by topic; those without a summary are not there. */
  async summaries(ownerId: number): Promise<Map<number, string>> {
    const rows = await this.conversations.find({
      where: { ownerId, runningTopic: true, summary: Not(IsNull()) },
      select: { id: true, topicId: true, summary: true },
    });
    return new Map(rows.map(({ topicId, summary }) => [topicId!, summary!]));
  }

  /** Null where somebody was faster, or it is with somebody else by now. */
  private async mark(known: Conversation, partner: RunningWith): Promise<Conversation | null> {
    const { id, ownerId } = known;
    return unlessTaken(async () => {
      const { affected } = await inTransaction(this.conversations.manager.dataSource, (manager) =>
        manager.update(Conversation, { id, ownerId, ...partner }, markOf(partner)),
      );
      return affected ? Object.assign(known, markOf(partner)) : null;
    });
  }

  /** Null where somebody was faster. @throws AppError not_found, as a database error, where the topic has just gone */
  private make(ownerId: number, partner: RunningWith): Promise<Conversation | null> {
    return unlessTaken(() =>
      inTransaction(this.conversations.manager.dataSource, (manager) =>
        manager.save(newConversation(ownerId, { ...partner, ...markOf(partner) })),
      ),
    );
  }
}

function markOf(partner: RunningWith): { runningChatbot: true } | { runningTopic: true } {
  return 'chatbotId' in partner ? { runningChatbot: true } : { runningTopic: true };
}

function isMarked({ runningChatbot, runningTopic }: Conversation, partner: RunningWith): boolean {
  return ('chatbotId' in partner ? runningChatbot : runningTopic) === true;
}

async function unlessTaken(work: () => Promise<Conversation | null>): Promise<Conversation | null> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}
