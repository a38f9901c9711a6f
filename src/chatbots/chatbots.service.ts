import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThan, MoreThan, Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { decodeCursor, everyItem, pageOf } from '../common/cursor-page.js';
import type { OrderedPageQueryDto } from '../common/page-query.dto.js';
import { fieldMessage } from '../common/validation.js';
import { inTransaction } from '../database/transaction.js';
import { Chatbot } from './chatbot.entity.js';
import type { CreateChatbotDto, UpdateChatbotDto } from './dto/chatbot-input.dto.js';
import { ChatbotDto, type ChatbotPageDto } from './dto/chatbot.dto.js';

/** The bots of each person. */
@Injectable()
export class ChatbotsService {
  constructor(
    @InjectRepository(Chatbot) private readonly chatbots: Repository<Chatbot>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @throws AppError invalid_input where a persona bot comes without a persona. */
  async create(ownerId: number, dto: CreateChatbotDto): Promise<ChatbotDto> {
    const unset = this.chatbots.create({ ...NO_SETTINGS, ownerId, deletedAt: null });
    const chatbot = this.chatbots.merge(unset, dto);
    requirePersona(chatbot);
    return ChatbotDto.from(await this.chatbots.save(chatbot));
  }

  /** The own bots that are not deleted, newest first where nothing else is asked for. */
  async list(ownerId: number, { limit, cursor, order }: OrderedPageQueryDto): Promise<ChatbotPageDto> {
    const [last] = decodeCursor(cursor, 1) ?? [];
    const behind = order === 'asc' ? MoreThan : LessThan;
    const rows = await this.chatbots.find({
      where: { ownerId, deletedAt: IsNull(), ...(last !== undefined && { id: behind(last) }) },
      order: { id: order },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((chatbot) => ChatbotDto.from(chatbot)), nextCursor };
  }

  /** All of the own bots that are not deleted, oldest first; read page by page. */
  every(ownerId: number): AsyncIterable<ChatbotDto> {
    return everyItem((cursor) =>
      this.list(ownerId, { limit: PAGE, order: 'asc', ...(cursor && { cursor }) }),
    );
  }

  async find(ownerId: number, id: number): Promise<ChatbotDto> {
    return ChatbotDto.from(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found; invalid_input where the changed bot would be a persona bot without a persona. */
  async update(ownerId: number, id: number, dto: UpdateChatbotDto): Promise<ChatbotDto> {
    return inTransaction(this.dataSource, async (manager) => {
      // Written first: from here on the row is locked, so that the state that is checked is the one that stays.
      const one = { id, ownerId, deletedAt: IsNull() };
      const { affected } = await manager.update(Chatbot, one, { ...dto, updatedAt: new Date() });
      if (!affected) throw new AppError('not_found');
      const chatbot = await manager.findOneByOrFail(Chatbot, one);
      requirePersona(chatbot);
      return ChatbotDto.from(chatbot);
    });
  }

  /** Takes the bot from its owner's sight; conversations with it stay. @throws AppError not_found */
  async delete(ownerId: number, id: number): Promise<void> {
    const now = new Date();
    const one = { id, ownerId, deletedAt: IsNull() };
    const { affected } = await this.chatbots.update(one, { deletedAt: now, updatedAt: now });
    if (!affected) throw new AppError('not_found');
  }

  /** @throws AppError not_found, also for a deleted bot. */
  async findOwned(ownerId: number, id: number): Promise<Chatbot> {
    const chatbot = await this.findForConversation(ownerId, id);
    if (chatbot.deletedAt !== null) throw new AppError('not_found');
    return chatbot;
  }

  /** The bot also when it is deleted (`deletedAt` tells): its old conversations still name it. @throws AppError not_found */
  async findForConversation(ownerId: number, id: number): Promise<Chatbot> {
    const chatbot = await this.chatbots.findOneBy({ id, ownerId });
    if (!chatbot) throw new AppError('not_found');
    return chatbot;
  }
}

const PAGE = 100;

const NO_SETTINGS = {
  kind: 'plain',
  persona: null,
  instructions: null,
  model: null,
  provider: null,
  temperature: null,
  greeting: null,
  replyLanguage: null,
} as const;

function requirePersona({ kind, persona }: Pick<Chatbot, 'kind' | 'persona'>): void {
  if (kind !== 'persona' || persona?.trim()) return;
  throw new AppError('invalid_input', {
    errors: [{ field: 'persona', message: fieldMessage('isRequiredHere') }],
  });
}
