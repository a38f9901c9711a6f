import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type BroughtChat, ChatImportsService } from '../conversations/chat-imports.service.js';
import type { ForeignRow } from '../database/foreign-database.js';
import { BatchWriter } from './batch-writer.js';
import { insertBot } from './bots.importer.js';
import type { ImportRun } from './import-run.js';
import type { OldPlace } from './old-table.js';
import { oldKey } from './old-values.js';
import { OldOwners } from './old-owners.js';

/** A chat that rows of what was said belong to: it is here, or is made with the first of them. */
export interface OldChatState {
  key: string;
  ownerId: number;
  /** Undefined where it is made. */
  conversationId: number | undefined;
  /** How far it has been brought over. */
  reached: OldPlace | undefined;
  /** Whom it is with: the bot's id, or the key of one that is to be stood in for. */
  bot?: { id: number } | { key: string };
  topicId?: number;
}

/** What chat a row belongs to, or why there is none. */
export type ChatOfRow = { chat: OldChatState } | { reason: string };

/** Finds the chats of old rows. Where chats have no table of their own, they are what is said between two. */
@Injectable()
export class OldChats {
  constructor(
    private readonly writer: BatchWriter,
    private readonly owners: OldOwners,
    private readonly chats: ChatImportsService,
  ) {}

  /** For each row, in their order; rows of one chat share its state. */
  async of(run: ImportRun, rows: ForeignRow[]): Promise<ChatOfRow[]> {
    const keys = rows.map((row) => chatKey(run, row));
    const marks = await run.find(this.writer.reader, 'chat', keys);
    const states = new Map<string, OldChatState>();
    for (const [key, { newId, ownerId, reached }] of marks)
      states.set(key, {
        ...{ key, ownerId: ownerId!, conversationId: newId },
        reached: reached === null ? undefined : (JSON.parse(reached) as OldPlace),
      });
    const unknown = rows.filter((_, at) => !states.has(keys[at]!));
    const reasons = await this.begin(run, unknown, states);
    return keys.map((key) => {
      const chat = states.get(key);
      return chat ? { chat } : { reason: reasons.get(key) ?? 'chat_missing' };
    });
  }

  /** In a transaction: makes the conversation of a chat, called by nothing yet; returns its id. */
  async make(run: ImportRun, manager: EntityManager, chat: OldChatState, createdAt: Date): Promise<number> {
    const { ownerId, bot, topicId, key } = chat;
    const brought: BroughtChat = { title: '', createdAt };
    if (topicId !== undefined) brought.topicId = topicId;
    if (bot) brought.chatbotId = 'id' in bot ? bot.id : await this.standIn(run, manager, ownerId, bot.key);
    const newId = await run.make(() => this.chats.begin(manager, ownerId, brought));
    await run.mark(manager, [{ kind: 'chat', key, newId, ownerId }]);
    return newId;
  }

  /** States of chats that are known by whom, or what, they are with. Returns why others are not. */
  private async begin(
    run: ImportRun,
    rows: ForeignRow[],
    states: Map<string, OldChatState>,
  ): Promise<Map<string, string>> {
    if (run.options.surface === 'companion') return this.beginWithBots(run, rows, states);
    if (run.options.surface === 'tutor') return this.beginOnTopics(run, rows, states);
    return new Map();
  }

  private async beginOnTopics(run: ImportRun, rows: ForeignRow[], states: Map<string, OldChatState>) {
    const keys = rows.map((row) => oldKey(row['topic']) ?? '');
    const topics = await run.find(this.writer.reader, 'topic', keys);
    const reasons = new Map<string, string>();
    for (const row of rows) {
      const key = chatKey(run, row);
      const topic = topics.get(oldKey(row['topic']) ?? '');
      if (!topic) reasons.set(key, 'topic_missing');
      else states.set(key, { ...newState(key, topic.ownerId!), topicId: topic.newId });
    }
    return reasons;
  }

  /** A chat with a bot that is gone, or that was somebody else's, is kept: with a deleted bot of one's own. */
  private async beginWithBots(run: ImportRun, rows: ForeignRow[], states: Map<string, OldChatState>) {
    const table = run.tables.get('messages')!;
    const owners = await this.owners.byValue(
      run,
      table,
      rows.map((row) => row['user'] ?? null),
    );
    const bots = await run.find(
      this.writer.reader,
      'bot',
      rows.map((row) => oldKey(row['bot']) ?? ''),
    );
    const reasons = new Map<string, string>();
    for (const row of rows) {
      const [key, botKey] = [chatKey(run, row), oldKey(row['bot']) ?? ''];
      const ownerId = owners.get(oldKey(row['user']) ?? '');
      const bot = bots.get(botKey);
      if (ownerId === undefined) reasons.set(key, 'owner_missing');
      else {
        const partner = bot && bot.ownerId === ownerId ? { id: bot.newId } : { key: botKey };
        states.set(key, { ...newState(key, ownerId), bot: partner });
      }
    }
    return reasons;
  }

  private standIn(run: ImportRun, manager: EntityManager, ownerId: number, key: string): Promise<number> {
    const now = new Date();
    const bot = { ownerId, name: `Bot ${key}`.slice(0, 100), kind: 'plain' as const, persona: null };
    return run.make(() => insertBot(manager, { ...bot, createdAt: now, deletedAt: now }));
  }
}

function newState(key: string, ownerId: number): OldChatState {
  return { key, ownerId, conversationId: undefined, reached: undefined };
}

/** What a chat is known by: its own key, or whom and what it is with. */
function chatKey({ options: { surface } }: ImportRun, row: ForeignRow): string {
  if (surface === 'companion') return `${oldKey(row['user']) ?? ''} with ${oldKey(row['bot']) ?? ''}`;
  return oldKey(surface === 'tutor' ? row['topic'] : row['chat']) ?? '';
}
