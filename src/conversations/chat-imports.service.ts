import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { execute, insertMissing, insertRow, insertRows, marks, updateEach } from '../database/statements.js';
import { Conversation } from './conversation.entity.js';
import { MessageFile } from './message-file.entity.js';
import { Message } from './message.entity.js';
import { newConversation } from './new-conversation.js';
import { newMessage } from './new-message.js';
import { titleOf } from './title.js';

/** A conversation that was had elsewhere, before anything of it is here. */
export interface BroughtChat {
  chatbotId?: number | null;
  topicId?: number | null;
  externalId?: string | null;
  /** Without one it is called by what is said first. */
  title: string;
  createdAt: Date;
}

/** What was said elsewhere. */
export interface BroughtMessage {
  role: 'user' | 'assistant';
  content: string;
  createdAt: Date;
  /** Files of the same owner that it carries, in their order; no documents and no pictures. */
  fileIds: number[];
}

/** Messages for the end of a conversation, in their order. */
export interface Chapter {
  ownerId: number;
  conversationId: number;
  messages: BroughtMessage[];
}

/** A conversation as it is before a chapter is added, locked; or why nothing can be added to it now. */
export type Standing =
  | {
      conversation: Conversation;
      /** The message that it goes on from. */
      endId: number | null;
    }
  /** An answer is being written. */
  | 'running';

/** Standings of conversations, by their ids. */
export type Standings = ReadonlyMap<number, Standing>;

/**
 * Takes in conversations that were had elsewhere, many at a time, in the caller's transaction. What is taken in is as if
 * it had been said here: in its order on the active branch, found by the search, and shown to models. No model is asked,
 * and nothing is booked.
 */
@Injectable()
export class ChatImportsService {
  /** Makes a conversation in which nothing was said yet; returns its id. @throws a unique violation for its external id */
  begin(manager: EntityManager, ownerId: number, chat: BroughtChat): Promise<number> {
    const { chatbotId = null, topicId = null, externalId = null, title, createdAt } = chat;
    const conversation = newConversation(ownerId, {
      ...{ chatbotId, topicId, externalId, title, titleSource: title === '' ? 'none' : 'user' },
      ...{ createdAt, lastMessageAt: createdAt, updatedAt: new Date() },
    });
    return insertRow(manager, Conversation, conversation);
  }

  /** Whether the owner calls one of his conversations so. */
  isCalled(manager: EntityManager, ownerId: number, externalId: string): Promise<boolean> {
    return manager.existsBy(Conversation, { ownerId, externalId });
  }

  /** Locks conversations until the transaction ends, and says how they stand. Those that are gone are not in it. */
  open(manager: EntityManager, conversationIds: number[]): Promise<Standings> {
    return lock(manager, conversationIds);
  }

  /**
   * Adds chapters, each to another conversation, which `open` has found to be its owner's, and nothing to be written in.
   * @returns the ids of the messages, by their conversations
   */
  async append(
    manager: EntityManager,
    standings: Standings,
    chapters: Chapter[],
  ): Promise<Map<number, number[]>> {
    const ids = await insert(manager, chapters, standings);
    await advance(manager, chapters, standings);
    return ids;
  }
}

/** How a conversation stands that a chapter is added to. @throws Error where nothing may be added to it */
function standingOf(
  standings: Standings,
  { conversationId, ownerId }: Chapter,
): Exclude<Standing, 'running'> {
  const standing = standings.get(conversationId);
  if (standing === undefined || standing === 'running' || standing.conversation.ownerId !== ownerId)
    throw new Error('nothing may be added to this conversation');
  return standing;
}

/** The conversations as they are, locked first and then read. */
async function lock(manager: EntityManager, conversationIds: number[]): Promise<Standings> {
  const ids = conversationIds.toSorted((a, b) => a - b);
  if (ids.length === 0) return new Map();
  await execute(manager, `UPDATE conversations SET is_indexed = 0 WHERE id IN (${marks(ids)})`, ids);
  const found = await manager.findBy(Conversation, { id: In(ids) });
  const ends = await manager.query<{ id: number; endId: number | null; running: number }[]>(
    `SELECT c.id AS id, e.id AS endId, EXISTS (SELECT 1 FROM messages r WHERE r.running_in = c.id) AS running
     FROM conversations c LEFT JOIN messages e ON e.conversation_id = c.id AND e.seq = c.active_seq
     WHERE c.id IN (${marks(ids)})`,
    ids,
  );
  const byId = new Map(ends.map((row) => [Number(row.id), row]));
  return new Map(
    found.map((conversation) => {
      const { endId = null, running = 0 } = byId.get(conversation.id) ?? {};
      const standing = { conversation, endId: endId === null ? null : Number(endId) };
      return [conversation.id, Number(running) === 1 ? 'running' : standing];
    }),
  );
}

/** Inserts the messages, and ties each to the one before it. */
async function insert(
  manager: EntityManager,
  chapters: Chapter[],
  standings: Standings,
): Promise<Map<number, number[]>> {
  const rows = chapters.flatMap((chapter) => {
    const { ownerId, conversationId, messages } = chapter;
    const { lastSeq } = standingOf(standings, chapter).conversation;
    return messages.map((message, at) => broughtMessage(ownerId, conversationId, lastSeq + 1 + at, message));
  });
  await insertRows(manager, Message, rows);
  const ids = await idsBehind(manager, chapters);
  const ties = chapters.flatMap((chapter) => {
    const own = ids.get(chapter.conversationId) ?? [];
    const { endId } = standingOf(standings, chapter);
    return own.map((id, at) => ({ id, replyTo: at === 0 ? endId : own[at - 1]! }));
  });
  await updateEach(
    manager,
    Message,
    ties.filter(({ replyTo }) => replyTo !== null),
  );
  await insertMissing(
    manager,
    MessageFile,
    chapters.flatMap((chapter) => linksOf(chapter, ids)),
  );
  return ids;
}

/** The ids of what was just inserted, by conversation, in their order: the conversations do not count it yet. */
async function idsBehind(manager: EntityManager, chapters: Chapter[]): Promise<Map<number, number[]>> {
  const ids = new Map<number, number[]>(chapters.map(({ conversationId }) => [conversationId, []]));
  if (ids.size === 0) return ids;
  const rows = await manager.query<{ id: number; conversationId: number }[]>(
    `SELECT m.id AS id, m.conversation_id AS conversationId FROM conversations c
     JOIN messages m ON m.conversation_id = c.id AND m.seq > c.last_seq
     WHERE c.id IN (${marks([...ids.keys()])}) ORDER BY m.conversation_id, m.seq`,
    [...ids.keys()],
  );
  for (const { id, conversationId } of rows) ids.get(Number(conversationId))!.push(Number(id));
  return ids;
}

function linksOf({ conversationId, messages }: Chapter, ids: Map<number, number[]>): MessageFile[] {
  const own = ids.get(conversationId)!;
  return messages.flatMap(({ fileIds }, at) =>
    fileIds.map((fileId, position) =>
      Object.assign(new MessageFile(), { messageId: own[at]!, fileId, position }),
    ),
  );
}

/** Has the conversations count what was added, and end with it. */
async function advance(manager: EntityManager, chapters: Chapter[], standings: Standings): Promise<void> {
  const changes = chapters.map((chapter) => {
    const { conversationId: id, messages } = chapter;
    const { conversation } = standingOf(standings, chapter);
    const lastSeq = conversation.lastSeq + messages.length;
    const times = [conversation.lastMessageAt, ...messages.map(({ createdAt }) => createdAt)];
    const first =
      conversation.titleSource === 'none' &&
      messages.find(({ role, content }) => role === 'user' && content.trim() !== '');
    const title = first ? titleOf(first.content) : '';
    return {
      ...{ id, lastSeq, activeSeq: lastSeq, archived: false, updatedAt: new Date() },
      lastMessageAt: new Date(Math.max(...times.map((time) => time.getTime()))),
      title: title === '' ? conversation.title : title,
      titleSource: title === '' ? conversation.titleSource : ('auto' as const),
    };
  });
  await updateEach(manager, Conversation, changes);
}

function broughtMessage(
  ownerId: number,
  conversationId: number,
  seq: number,
  { role, content, createdAt, fileIds }: BroughtMessage,
): Message {
  return newMessage({
    ...{ ownerId, conversationId, seq, role, content, status: 'completed' },
    ...{ createdAt, finishedAt: createdAt, hasFiles: fileIds.length > 0 },
  });
}
