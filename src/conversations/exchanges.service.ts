import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { MessageDto } from './dto/message.dto.js';
import type { ExchangeDto } from './dto/exchange.dto.js';
import { MessageFiles } from './message-files.js';
import { Message, type MessageStatus } from './message.entity.js';

const PAGE = 200;

/** An answer that somebody has got: what failed, or broke off with its process, is none. */
const GIVEN: MessageStatus[] = ['completed', 'stopped'];

/** Conversations as pairs of what was said and what was answered, for clients that know nothing of branches. */
@Injectable()
export class ExchangesService {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly files: MessageFiles,
  ) {}

  /** A user's message with its newest answer. @throws AppError not_found, also for an answer */
  async find(ownerId: number, promptId: number): Promise<ExchangeDto & { prompt: MessageDto }> {
    const prompt = await this.messages.findOneBy({ id: promptId, ownerId, role: 'user' });
    if (!prompt) throw new AppError('not_found');
    await this.files.load([prompt]);
    const answers = await this.messages.find({
      where: { replyTo: promptId, ownerId, role: 'assistant', status: In(GIVEN) },
      order: { seq: 'DESC' },
      take: 10,
    });
    const answer = answers.find(({ content }) => content !== '');
    return { prompt: MessageDto.from(prompt), answer: answer ? MessageDto.from(answer) : null };
  }

  /**
   * All of a conversation, whatever branch it is on, oldest first: each of the user's messages with the newest of its
   * answers, and answers that follow none. Read in pages; what it gives grows with the conversation's text.
   */
  async list(ownerId: number, conversationId: number): Promise<ExchangeDto[]> {
    const exchanges: ExchangeDto[] = [];
    const byPrompt = new Map<number, ExchangeDto>();
    for (let seq = 0, page: Message[]; (page = await this.page(ownerId, conversationId, seq)).length > 0;) {
      for (const message of page) {
        const begun = exchangeOf(message, byPrompt);
        if (!begun) continue;
        exchanges.push(begun);
        if (begun.prompt) byPrompt.set(message.id, begun);
      }
      seq = page.at(-1)!.seq;
    }
    return exchanges;
  }

  private async page(ownerId: number, conversationId: number, after: number): Promise<Message[]> {
    const where = { conversationId, ownerId, seq: MoreThan(after) };
    const page = await this.messages.find({ where, order: { seq: 'ASC' }, take: PAGE });
    await this.files.load(page);
    return page;
  }
}

/** The exchange that begins with this message; an answer to a known one is put there. */
function exchangeOf(message: Message, byPrompt: Map<number, ExchangeDto>): ExchangeDto | undefined {
  const { role, status, content, replyTo } = message;
  if (role === 'user') return { prompt: MessageDto.from(message), answer: null };
  if (!GIVEN.includes(status) || content === '') return undefined;
  const asked = replyTo === null ? undefined : byPrompt.get(replyTo);
  if (!asked) return { prompt: null, answer: MessageDto.from(message) };
  asked.answer = MessageDto.from(message);
  return undefined;
}
