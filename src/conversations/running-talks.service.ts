import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { decodeCursor, encodeCursor, everyItem, type Page } from '../common/cursor-page.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { storedAs } from '../database/statements.js';
import { Conversation } from './conversation.entity.js';
import { ConversationDto } from './dto/conversation.dto.js';
import { MessageDto, wasSaid } from './dto/message.dto.js';
import type { RunningTalkDto } from './dto/running-talk.dto.js';
import { MessageFiles } from './message-files.js';
import { Message } from './message.entity.js';

const PAGE = 100;

/** A conversation's place in the list. */
interface Place {
  id: number;
  name: string;
}

/**
 * Of each chatbot the running conversation, or the one that would become it; where nothing was said in it, the chatbot
 * is left out. Two values stand for a cursor: `at`, and `id`.
 */
const placesSql = (isBehind: boolean) => `
  SELECT r.id AS id, r.name AS name FROM (
    SELECT c.id, b.name, c.last_seq, c.last_message_at, ROW_NUMBER() OVER (
      PARTITION BY c.chatbot_id ORDER BY c.running_chatbot DESC, c.last_message_at DESC, c.id DESC
    ) AS place
    FROM conversations c JOIN chatbots b ON b.id = c.chatbot_id AND b.owner_id = c.owner_id
    WHERE c.owner_id = ? AND b.deleted_at IS NULL
  ) r
  WHERE r.place = 1 AND r.last_seq > 0
    ${isBehind ? 'AND (r.last_message_at < ? OR (r.last_message_at = ? AND r.id < ?))' : ''}
  ORDER BY r.last_message_at DESC, r.id DESC LIMIT ?`;

/** With whom a user talks: one row for each of his chatbots, as messengers list them. */
@Injectable()
export class RunningTalksService {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly files: MessageFiles,
  ) {}

  /** Those with chatbots that are not deleted, the one last talked in first. */
  async list(ownerId: number, { limit, cursor }: PageQueryDto): Promise<Page<RunningTalkDto>> {
    const places = await this.places(ownerId, limit + 1, decodeCursor(cursor, 2));
    const rows = await this.conversations.findBy({ id: In(places.map(({ id }) => id)), ownerId });
    const last = await this.lastSaid(ownerId, rows);
    const talks = places.flatMap(({ id, name }) => {
      const conversation = rows.find((row) => row.id === Number(id));
      const message = last.get(Number(id));
      return conversation && message ? [talkOf(conversation, name, message)] : [];
    });
    const items = talks.slice(0, limit);
    const { conversation } = items.at(-1) ?? {};
    // One that was deleted meanwhile is no end of the list.
    if (places.length <= limit || conversation === undefined) return { items, nextCursor: null };
    return { items, nextCursor: encodeCursor([conversation.lastMessageAt.getTime(), conversation.id]) };
  }

  /** All of them, read page by page. */
  every(ownerId: number): AsyncIterable<RunningTalkDto> {
    return everyItem((cursor) => this.list(ownerId, { limit: PAGE, ...(cursor && { cursor }) }));
  }

  private places(ownerId: number, count: number, behind: number[] | undefined): Promise<Place[]> {
    const { manager } = this.conversations;
    const [time = 0, id = 0] = behind ?? [];
    const at = storedAs(manager, Conversation, 'lastMessageAt', new Date(time));
    const values = [ownerId, ...(behind ? [at, at, id] : []), count];
    return manager.query<Place[]>(placesSql(behind !== undefined), values);
  }

  /** What was said last on each active branch: its end, or the message that this was to answer. */
  private async lastSaid(ownerId: number, conversations: Conversation[]): Promise<Map<number, Message>> {
    if (conversations.length === 0) return new Map();
    const ends = await this.messages.findBy(
      conversations.map(({ id: conversationId, activeSeq: seq }) => ({ ownerId, conversationId, seq })),
    );
    const unsaid = ends.filter((end) => !wasSaid(end)).map(({ replyTo }) => replyTo ?? 0);
    const before = unsaid.length > 0 ? await this.messages.findBy({ id: In(unsaid), ownerId }) : [];
    const said = [...ends, ...before].filter((message) => wasSaid(message));
    await this.files.load(said);
    return new Map(said.map((message) => [message.conversationId, message]));
  }
}

function talkOf(conversation: Conversation, chatbotName: string, last: Message): RunningTalkDto {
  return {
    ...{ chatbotId: conversation.chatbotId!, chatbotName },
    conversation: ConversationDto.from(conversation),
    lastMessage: MessageDto.from(last),
  };
}
