import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  type Chapter,
  ChatImportsService,
  type Standing,
  type Standings,
} from '../conversations/chat-imports.service.js';
import { BatchWriter } from './batch-writer.js';
import { ImportMarks } from './import-marks.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import { type OldChatState, OldChats } from './old-chats.js';
import type { OldSaying } from './old-sayings.js';
import type { OldPlace } from './old-table.js';
import { type OldVoice, OldVoices } from './old-voices.js';

/** What an old row says, and where it goes. */
export interface OldTurn {
  keys: [string];
  chat: OldChatState;
  place: OldPlace;
  sayings: OldSaying[];
  /** Null where it is not known. */
  saidAt: Date | null;
  voices: { queryVoice?: OldVoice; answerVoice?: OldVoice };
}

/** Why nothing is added to a conversation. */
type Closed = 'chat_deleted' | 'turn_running' | 'behind_failed';

/** What a transaction has done. */
interface Added {
  /** The conversations of the chats; of those that were made in it, too. */
  ids: Map<OldChatState, number>;
  closed: Map<OldChatState, Closed>;
  /** Sounds that are somebody's now. */
  kept: OldVoice[];
}

/** Writes what was said into conversations, many at a time. */
@Injectable()
export class ChapterWriter {
  constructor(
    private readonly writer: BatchWriter,
    private readonly marks: ImportMarks,
    private readonly oldChats: OldChats,
    private readonly chats: ChatImportsService,
    private readonly voices: OldVoices,
  ) {}

  /** Writes turns in their order. Those that cannot be written are told, and their sounds dropped. */
  async write(run: ImportRun, turns: OldTurn[]): Promise<void> {
    const kept = new Set<OldVoice>();
    try {
      await this.writer.write<OldTurn, Added>(run, 'messages', turns, {
        work: (manager, some) => this.add(run, manager, some),
        done: (added, some) => {
          for (const voice of added.kept) kept.add(voice);
          tellAdded(run, added, some);
        },
        failed: ({ chat }) => run.heldChats.set(chat.key, 'behind_failed'),
      });
    } finally {
      const all = turns.flatMap(({ voices }) => Object.values(voices));
      for (const voice of all.filter((one) => !kept.has(one))) await this.voices.drop(voice);
    }
  }

  /** In a transaction: adds turns to their conversations, but to those that are closed. */
  private async add(run: ImportRun, manager: EntityManager, turns: OldTurn[]): Promise<Added> {
    const closed = new Map<OldChatState, Closed>(heldOf(run, turns));
    const free = turns.filter(({ chat }) => !closed.has(chat));
    const ids = await this.idsOf(run, manager, free);
    if (run.isDry) return { ids, closed, kept: [] };
    const standings = await this.chats.open(manager, [...ids.values()]);
    for (const [chat, reason] of closedOf(ids, standings)) closed.set(chat, reason);
    const open = turns.filter(({ chat, sayings }) => !closed.has(chat) && sayings.length > 0);
    const recordings = await this.keepRecordings(manager, open, ids);
    const chapters = chaptersOf(open, { ids, standings, recordings });
    const appended = await this.chats.append(manager, standings, chapters);
    const clips = await this.keepClips(manager, open, ids, appended);
    const reached = turns.filter(({ chat }) => !closed.has(chat));
    await this.marks.reach(
      manager,
      run.sourceId,
      new Map(reached.map(({ chat, place }) => [chat.key, JSON.stringify(place)])),
    );
    return { ids, closed, kept: [...open.flatMap(({ voices }) => voices.queryVoice ?? []), ...clips] };
  }

  /** Makes the conversations that are not there yet. */
  private async idsOf(
    run: ImportRun,
    manager: EntityManager,
    turns: OldTurn[],
  ): Promise<Map<OldChatState, number>> {
    const ids = new Map<OldChatState, number>();
    for (const { chat, saidAt } of turns) {
      if (ids.has(chat)) continue;
      const made = () => this.oldChats.make(run, manager, chat, saidAt ?? new Date());
      ids.set(chat, chat.conversationId ?? (await made()));
    }
    return ids;
  }

  /** The files of what was said aloud, by the turns. */
  private async keepRecordings(
    manager: EntityManager,
    turns: OldTurn[],
    ids: Map<OldChatState, number>,
  ): Promise<Map<OldTurn, number>> {
    const recordings = new Map<OldTurn, number>();
    for (const turn of turns) {
      const { chat, voices, keys } = turn;
      if (!voices.queryVoice) continue;
      const of = { ownerId: chat.ownerId, conversationId: ids.get(chat)! };
      const name = `recording-${keys[0]}`;
      recordings.set(turn, await this.voices.keepRecording(manager, of, voices.queryVoice, name));
    }
    return recordings;
  }

  /** The clips of answers; returns the sounds that they are made of. */
  private async keepClips(
    manager: EntityManager,
    turns: OldTurn[],
    ids: Map<OldChatState, number>,
    appended: Map<number, number[]>,
  ): Promise<OldVoice[]> {
    const kept: OldVoice[] = [];
    const next = new Map<number, number>();
    for (const { chat, voices, sayings } of turns) {
      const conversationId = ids.get(chat)!;
      const first = next.get(conversationId) ?? 0;
      next.set(conversationId, first + sayings.length);
      const at = sayings.findIndex(({ voice }) => voice === 'answerVoice');
      if (at < 0 || !voices.answerVoice?.clip) continue;
      const messageId = appended.get(conversationId)![first + at]!;
      const of = { ownerId: chat.ownerId, conversationId, messageId };
      await this.voices.keepClip(manager, of, voices.answerVoice);
      kept.push(voices.answerVoice);
    }
    return kept;
  }
}

function heldOf({ heldChats }: ImportRun, turns: OldTurn[]): [OldChatState, Closed][] {
  return turns.flatMap(({ chat }): [OldChatState, Closed][] => {
    const reason = heldChats.get(chat.key);
    return reason === undefined ? [] : [[chat, reason]];
  });
}

function closedOf(ids: Map<OldChatState, number>, standings: Standings): [OldChatState, Closed][] {
  return [...ids].flatMap(([chat, id]): [OldChatState, Closed][] => {
    const standing = standings.get(id);
    if (standing === 'running') return [[chat, 'turn_running']];
    return standing?.conversation.ownerId === chat.ownerId ? [] : [[chat, 'chat_deleted']];
  });
}

/** A chapter for each conversation; of what has no time of its own, the time is that of what was said before. */
function chaptersOf(
  turns: OldTurn[],
  {
    ids,
    standings,
    recordings,
  }: { ids: Map<OldChatState, number>; standings: Standings; recordings: Map<OldTurn, number> },
): Chapter[] {
  const chapters = new Map<OldChatState, Chapter>();
  for (const turn of turns) {
    const { chat, sayings, saidAt } = turn;
    const conversationId = ids.get(chat)!;
    const chapter = chapters.get(chat) ?? { ownerId: chat.ownerId, conversationId, messages: [] };
    chapters.set(chat, chapter);
    const before = chapter.messages.at(-1)?.createdAt ?? lastTimeOf(standings.get(conversationId));
    const recording = recordings.get(turn);
    for (const { role, text, voice } of sayings)
      chapter.messages.push({
        ...{ role, content: text, createdAt: saidAt ?? before },
        fileIds: voice === 'queryVoice' && recording !== undefined ? [recording] : [],
      });
  }
  return [...chapters.values()];
}

function lastTimeOf(standing: Standing | undefined): Date {
  return standing === undefined || standing === 'running' ? new Date() : standing.conversation.lastMessageAt;
}

function tellAdded(run: ImportRun, { ids, closed }: Added, turns: OldTurn[]): void {
  for (const [chat, id] of ids) {
    if (chat.conversationId === undefined && chat.bot && 'key' in chat.bot)
      run.report.add('messages', [{ what: 'changed', reason: 'bot_missing', key: chat.key }]);
    chat.conversationId = id;
  }
  for (const turn of turns) {
    const why = closed.get(turn.chat);
    if (why === 'turn_running') run.heldChats.set(turn.chat.key, why);
    if (why) tellSkipped(run, turn, why);
    else if (turn.sayings.length === 0) tellSkipped(run, turn, 'empty');
    else tellImported(run, turn);
  }
}

function tellImported(run: ImportRun, { keys: [key], saidAt, voices }: OldTurn): void {
  run.report.countsOf('messages').imported += 1;
  const reasons = [
    ...(saidAt === null ? ['time_missing'] : []),
    ...(voices.answerVoice && !voices.answerVoice.clip ? ['voice_unplayable'] : []),
  ];
  run.report.add(
    'messages',
    reasons.map((reason): Remark => ({ what: 'changed', reason, key })),
  );
}

function tellSkipped(run: ImportRun, { keys: [key] }: OldTurn, reason: string): void {
  run.report.add('messages', [{ what: 'skipped', reason, key }]);
}
