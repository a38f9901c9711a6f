import { Injectable } from '@nestjs/common';
import { type Excerpt, excerptOf } from '../../libs/text-terms/excerpt.js';
import { TermQuery } from '../../libs/text-terms/term-query.js';
import { type Page, pageOf } from '../common/cursor-page.js';
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

/** UTF-16 units of text that are shown around what was found. */
const EXCERPT_LENGTH = 160;
/** Conversations that are looked at in one statement: few at first, since what is common is found among them. */
const WINDOWS = [100, 400];
const LARGEST_WINDOW = 1_000;
/** One request looks at no more; its page is then short, and the next one goes on. */
const CONVERSATIONS_PER_REQUEST = 5_000;
/** Messages whose text is read at a time, where the newest one has the terms but not as they were asked for. */
const CANDIDATES = 50;
const ROUNDS = 4;
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
    ownerId: number,
    { q, limit, cursor }: { q: string; limit: number; cursor?: string | undefined },
    list: SearchedList,
  ): Promise<Page<FoundConversation>> {
    const query = TermQuery.of(q);
    const found: FoundConversation[] = [];
    if (query.isEmpty) return { items: found, nextCursor: null };
    for (let at = cursor, window = 0, seen = 0; ; window += 1) {
      const part = await list.page(at, WINDOWS[window] ?? LARGEST_WINDOW);
      found.push(...(await this.matches(ownerId, part.items, query, limit + 1 - found.length)));
      if (found.length > limit)
        return pageOf(found, limit, ({ conversation }) => list.position(conversation));
      seen += part.items.length;
      if (part.nextCursor === null || seen >= CONVERSATIONS_PER_REQUEST)
        return { items: found, nextCursor: part.nextCursor };
      at = part.nextCursor;
    }
  }

  /** The first of these conversations in which the query is found, in their order. */
  private async matches(
    ownerId: number,
    conversations: Conversation[],
    query: TermQuery,
    wanted: number,
  ): Promise<FoundConversation[]> {
    const having = await this.index.having(
      ownerId,
      conversations.map(({ id }) => id),
      query,
    );
    const titled = new Map(conversations.map(({ id, title }) => [id, excerpt(title, query)]));
    const open = conversations.filter(({ id }) => titled.get(id) ?? having.has(id));
    const found: FoundConversation[] = [];
    while (found.length < wanted && open.length > 0) {
      const next = open.splice(0, wanted - found.length);
      const untitled = next.filter(({ id }) => !titled.get(id)).map(({ id }) => id);
      const messages = await this.newest(ownerId, untitled, query);
      for (const conversation of next) {
        const inTitle = titled.get(conversation.id);
        const match = inTitle ? { message: null, excerpt: inTitle } : messages.get(conversation.id);
        if (match) found.push({ conversation, ...match });
      }
    }
    return found;
  }

  /** For each conversation the newest message in which the query is found. */
  private async newest(ownerId: number, ids: number[], query: TermQuery) {
    const found = new Map<number, Omit<FoundConversation, 'conversation'>>();
    let places: SearchPlace[] = ids.map((conversationId) => ({ conversationId, below: END }));
    for (let round = 0; round <= ROUNDS && places.length > 0; round += 1) {
      const count = round === 0 ? 1 : CANDIDATES;
      const messages = await this.index.messages(ownerId, places, query, count);
      const further: SearchPlace[] = [];
      for (const { conversationId } of places) {
        const here = messages
          .filter((message) => message.conversationId === conversationId)
          .toSorted((a, b) => b.seq - a.seq);
        const match = firstMatch(here, query);
        if (match) found.set(conversationId, match);
        else if (here.length === count) further.push({ conversationId, below: here.at(-1)!.seq });
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
