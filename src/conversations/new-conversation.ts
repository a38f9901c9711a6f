import type { EntityManager } from 'typeorm';
import { insertRow } from '../database/statements.js';
import { Conversation } from './conversation.entity.js';

/** A conversation in which nothing was said yet, with no one, on nothing, without a title. */
export function newConversation(ownerId: number, values: Partial<Conversation> = {}): Conversation {
  return Object.assign(new Conversation(), {
    ...{ ownerId, chatbotId: null, topicId: null, externalId: null, title: '', titleSource: 'none' as const },
    ...{ runningChatbot: null, runningTopic: null },
    ...{ summary: null, summaryUntil: 0, lastSeq: 0, activeSeq: 0, lastMessageAt: new Date() },
    ...{ indexedSeq: 0, isIndexed: true, archived: false, pinned: false, hasDocuments: false },
    ...values,
  });
}

/** The id of a conversation that is stored with its first message. */
export const UNSTORED = 0;

/** In the manager's transaction: stores a conversation that is not stored yet; from then on it has its id. */
export async function storeConversation(
  manager: EntityManager,
  conversation: Conversation,
): Promise<Conversation> {
  if (conversation.id !== UNSTORED) return conversation;
  conversation.stampCreation();
  conversation.id = await insertRow(manager, Conversation, conversation);
  return conversation;
}
