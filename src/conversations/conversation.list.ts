import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import { Conversation } from './conversation.entity.js';
import { ConversationSearch } from './conversation.search.js';
import { ConversationMatchDto } from './dto/conversation-match.dto.js';
import {
  ConversationDto,
  type ConversationPageDto,
  type ConversationQueryDto,
} from './dto/conversation.dto.js';

/** A page of the list, whatever is searched for in it. */
type PlainQuery = Omit<ConversationQueryDto, 'q' | 'cursor'> & { cursor?: string | undefined };

/** In a cursor the id of a pinned one is negative: whoever had a cursor before there were any can go on. */
const positionOf = ({ lastMessageAt, pinned, id }: Conversation) => [
  ...[lastMessageAt.getTime(), pinned ? -id : id],
];

const NEWEST_PAGE = 500;

/** The list of somebody's conversations: pinned ones before the others, of each the one last talked in first. */
@Injectable()
export class ConversationList {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    private readonly search: ConversationSearch,
  ) {}

  async read(ownerId: number, query: ConversationQueryDto): Promise<ConversationPageDto> {
    const { q } = query;
    if (q !== undefined) return this.found(ownerId, { ...query, q });
    const { items, nextCursor } = await this.page(ownerId, query);
    return { items: items.map((conversation) => ConversationDto.from(conversation)), nextCursor };
  }

  /** All that are not put away, the one last talked in first, whether pinned or not; page by page. */
  async *newest(ownerId: number): AsyncGenerator<ConversationDto[], void, undefined> {
    const query = { archived: 'false' as const, limit: NEWEST_PAGE };
    let rows: Conversation[] = [];
    do {
      const last = rows.at(-1);
      const behind = last ? [last.lastMessageAt.getTime(), last.id] : [];
      rows = await this.part(ownerId, query, { behind }, NEWEST_PAGE);
      yield rows.map((conversation) => ConversationDto.from(conversation));
    } while (rows.length === NEWEST_PAGE);
  }

  /** Those of the list in which something was said. */
  private async found(
    ownerId: number,
    query: ConversationQueryDto & { q: string },
  ): Promise<ConversationPageDto> {
    const { items, nextCursor } = await this.search.page(query, {
      page: (cursor, limit) => this.page(ownerId, { ...query, limit, cursor }),
      position: positionOf,
    });
    const found = items.map((item) =>
      ConversationDto.from(item.conversation, ConversationMatchDto.from(item)),
    );
    return { items: found, nextCursor };
  }

  /** Pinned ones are a part of the list of their own, before the others. */
  private async page(ownerId: number, query: PlainQuery): Promise<Page<Conversation>> {
    const [time, id = -1] = decodeCursor(query.cursor, 2) ?? [];
    const behind = time === undefined ? [] : [time, Math.abs(id)];
    const isPinned = id < 0;
    const rows = isPinned ? await this.part(ownerId, query, { pinned: 1, behind }) : [];
    const left = query.limit + 1 - rows.length;
    if (left > 0) {
      const others = { pinned: 0, behind: isPinned ? [] : behind } as const;
      rows.push(...(await this.part(ownerId, query, others, left)));
    }
    return pageOf(rows, query.limit, positionOf);
  }

  /** The pinned conversations, the others, or all: each part of the list is read in the order of an index. */
  private part(
    ownerId: number,
    { chatbotId, topicId, archived, limit }: PlainQuery,
    { pinned, behind: [time, id] }: { pinned?: 0 | 1; behind: number[] },
    take = limit + 1,
  ): Promise<Conversation[]> {
    const select = this.conversations.createQueryBuilder('c');
    select.where('c.ownerId = :ownerId', { ownerId });
    if (pinned !== undefined) select.andWhere('c.pinned = :pinned', { pinned });
    if (archived !== 'all')
      select.andWhere('c.archived = :archived', { archived: Number(archived === 'true') });
    if (chatbotId !== undefined) select.andWhere('c.chatbotId = :chatbotId', { chatbotId });
    if (topicId !== undefined) select.andWhere('c.topicId = :topicId', { topicId });
    if (time !== undefined && id !== undefined) {
      // The first comparison alone is a range of the index; with an OR around it, SQLite would read from the beginning.
      select.andWhere('c.lastMessageAt <= :at AND (c.lastMessageAt < :at OR c.id < :id)', {
        at: this.timeParameter(time),
        id,
      });
    }
    return select.orderBy('c.lastMessageAt', 'DESC').addOrderBy('c.id', 'DESC').take(take).getMany();
  }

  /** A raw parameter is not prepared by its column: the driver is asked to, since SQLite keeps times as text. */
  private timeParameter(time: number): unknown {
    const column = this.conversations.metadata.findColumnWithPropertyName('lastMessageAt')!;
    return this.conversations.manager.dataSource.driver.preparePersistentValue(new Date(time), column);
  }
}
