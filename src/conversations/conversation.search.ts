import { setImmediate as nextTick } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Excerpt, excerptOf } from '../../libs/text-terms/excerpt.js';
import { TermQuery } from '../../libs/text-terms/term-query.js';
import { encodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import type { Conversation } from './conversation.entity.js';
import type { Message } from './message.entity.js';
import { SearchIndex, type SearchPlace } from './search.index.js';

/** A conversation that was found, and where. */
export interface FoundConversation {
  conversation: Conversation;
  /** The newest message that has all that was looked for; null where the title has it. */
  message: Message | null;
  excerpt: Excerpt;
}

/** The list that is searched. */
export interface SearchedList {
  page(cursor: string | undefined, limit: number): Promise<Page<Conversation>>;
  position(conversation: Conversation): number[];
}

/** What one request may still read. */
interface Budget {
  texts: number;
}

interface Matches {
  matches: FoundConversation[];
  /** The last conversation that was looked at, where the budget did not last for all. */
  stoppedAt?: Conversation | undefined;
}

/** UTF-16 units of text that are shown around what was found. */
const EXCERPT_LENGTH = 160;
/** Conversations that are looked at in one statement: few at first, since what is common is found among them. */
const WINDOWS = [100, 400];
/** MariaDB makes a list of 1,000 values a table of its own, and then reads all rows beside it. */
const LARGEST_WINDOW = 500;
/** One request looks at no more; its page is then short, and the next one goes on. */
const CONVERSATIONS_PER_REQUEST = 5_000;
/** Messages whose text is read at a time, where the newest one has the terms but not as they were asked for. */
const CANDIDATES = 50;
const ROUNDS = 4;
/** Conversations whose candidates are read at a time. */
const READ_AT_ONCE = 10;
/** Messages whose text one request reads at most, but for a last few; then its page is short, too. */
const TEXTS_PER_REQUEST = 2_000;
/** Behind every message. */
const END = 2_147_483_647;

/**
 * Searches the list of conversations. Its order stays, and so do its filters and cursors: what does not match is left
 * out. The index says which conversations have all terms; whether one message has them all, and next to each other where
 * that is asked for, its text says.
 */
@Injectable()
export class ConversationSearch {
  constructor(private readonly index: SearchIndex) {}

  /** A page of what is found; it may be short, or empty, and yet have a next one. */
  async page(
    { q, limit, cursor }: { q: string; limit: number; cursor?: string | undefined },
    list: SearchedList,
  ): Promise<Page<FoundConversation>> {
    const query = TermQuery.of(q);
    const found: FoundConversation[] = [];
    if (query.isEmpty) return { items: found, nextCursor: null };
    const budget: Budget = { texts: TEXTS_PER_REQUEST };
    for (let at = cursor, window = 0, seen = 0; ; window += 1) {
      const part = await list.page(at, WINDOWS[window] ?? LARGEST_WINDOW);
      const { matches, stoppedAt } = await this.matches(part.items, query, limit + 1 - found.length, budget);
      found.push(...matches);
      if (found.length > limit)
        return pageOf(found, limit, ({ conversation }) => list.position(conversation));
      if (stoppedAt) return { items: found, nextCursor: encodeCursor(list.position(stoppedAt)) };
      seen += part.items.length;
      if (part.nextCursor === null || seen >= CONVERSATIONS_PER_REQUEST)
        return { items: found, nextCursor: part.nextCursor };
      at = part.nextCursor;
    }
  }

  /** The first of one owner's conversations in which the query is found, in their order. */
  private async matches(
    conversations: Conversation[],
    query: TermQuery,
    wanted: number,
    budget: Budget,
  ): Promise<Matches> {
    const titled = new Map(conversations.map(({ id, title }) => [id, excerpt(title, query)]));
    const having = await this.index.having(conversations, query);
    const open = conversations.filter(({ id }) => titled.get(id) ?? having.has(id));
    const matches: FoundConversation[] = [];
    while (matches.length < wanted && open.length > 0) {
      const next = open.splice(0, Math.min(wanted - matches.length, READ_AT_ONCE));
      const untitled = next.filter(({ id }) => !titled.get(id));
      const messages = await this.newest(untitled, query, budget);
      for (const conversation of next) {
        const inTitle = titled.get(conversation.id);
        const match = inTitle ? { message: null, excerpt: inTitle } : messages.get(conversation.id);
        if (match) matches.push({ conversation, ...match });
      }
      if (budget.texts <= 0 && matches.length < wanted) return { matches, stoppedAt: next.at(-1) };
    }
    return { matches };
  }

  /** For each conversation the newest message in which the query is found. */
  private async newest(conversations: Conversation[], query: TermQuery, budget: Budget) {
    const found = new Map<number, Omit<FoundConversation, 'conversation'>>();
    let places: SearchPlace[] = conversations.map((conversation) => ({ conversation, below: END }));
    for (let round = 0; round <= ROUNDS && places.length > 0; round += 1) {
      const count = round === 0 ? 1 : CANDIDATES;
      const messages = await this.index.messages(places, query, count);
      budget.texts -= messages.length;
      const further: SearchPlace[] = [];
      for (const { conversation } of places) {
        const here = messages
          .filter(({ conversationId }) => conversationId === conversation.id)
          .toSorted((a, b) => b.seq - a.seq);
        const match = firstMatch(here, query);
        if (match) found.set(conversation.id, match);
        else if (here.length === count) further.push({ conversation, below: here.at(-1)!.seq });
        // Reading many texts takes its time: others come in between.
        if (round > 0) await nextTick();
      }
      places = further;
    }
    return found;
  }
}

function firstMatch(messages: Message[], query: TermQuery) {
  for (const message of messages) {
    const shown = excerpt(message.content, query);
    if (shown) return { message, excerpt: shown };
  }
  return undefined;
}

function excerpt(text: string, query: TermQuery): Excerpt | null {
  const ranges = query.find(text);
  return ranges && excerptOf(text, ranges, EXCERPT_LENGTH);
}
