import { Inject, Injectable } from '@nestjs/common';
import { ChatbotsService } from '../../chatbots/chatbots.service.js';
import type { ChatbotDto } from '../../chatbots/dto/chatbot.dto.js';
import type { AuthUser } from '../../common/current-user.js';
import { ENV, type Env } from '../../config/env.js';
import { localTime } from '../local-time.js';
import { refusal } from './companion.errors.js';
import type {
  CompanionBotDetailDto,
  CompanionBotDetailsDto,
  CompanionBotDto,
  CompanionBotListDto,
  CompanionCreatedDto,
  CompanionPersonasDto,
  CompanionRefusalDto,
  CreateCompanionBotDto,
} from './dto/bot.dto.js';

/** Chatbots under the older service's names. */
@Injectable()
export class CompanionBots {
  constructor(
    private readonly chatbots: ChatbotsService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  personas(): CompanionPersonasDto {
    return ok(this.env.COMPANION_PERSONAS);
  }

  async create({ id: ownerId }: AuthUser, dto: CreateCompanionBotDto): Promise<CompanionCreatedDto> {
    const { chatbot_name: name, chatbot_type: type, chatbot_persona: persona = null } = dto;
    const kind = type === 1 ? { kind: 'persona' as const, persona } : { kind: 'plain' as const };
    const { id } = await this.chatbots.create(ownerId, { name, ...kind });
    return ok([{ chatbot_id: id }]);
  }

  async detail(
    { id: ownerId }: AuthUser,
    { chatbot_id = 0 }: CompanionBotDto,
  ): Promise<CompanionBotDetailsDto> {
    return ok([this.detailOf(await this.chatbots.find(ownerId, chatbot_id))]);
  }

  async list({ id: ownerId }: AuthUser): Promise<CompanionBotListDto> {
    const data: CompanionBotListDto['data'] = [];
    for await (const bot of this.chatbots.every(ownerId))
      data.push({ chatbot_id: bot.id, ...this.detailOf(bot) });
    if (data.length === 0) throw refusal('DetailsNotFound');
    return ok(data);
  }

  async delete({ id: ownerId }: AuthUser, { chatbot_id = 0 }: CompanionBotDto): Promise<CompanionRefusalDto> {
    await this.chatbots.delete(ownerId, chatbot_id);
    return ok([]);
  }

  private detailOf({ name, kind, persona, createdAt }: ChatbotDto): CompanionBotDetailDto {
    const isPersona = kind === 'persona';
    return {
      ...{ chatbot_name: name, chatbot_type: isPersona ? 1 : 0 },
      chatbot_persona: isPersona ? (persona ?? '') : '',
      create_at: localTime(createdAt, this.env.LEGACY_TIME_ZONE),
    };
  }
}

function ok<T>(data: T): { code: 200; msg: 'OK'; data: T } {
  return { code: 200, msg: 'OK', data };
}
