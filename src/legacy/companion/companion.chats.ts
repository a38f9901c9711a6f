import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { ENV, type Env } from '../../config/env.js';
import { AskedTurnsService } from '../../conversations/asked-turns.service.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { type MessageDto, wasSaid } from '../../conversations/dto/message.dto.js';
import type { TurnDto } from '../../conversations/dto/turn.dto.js';
import { MessagesService } from '../../conversations/messages.service.js';
import { RunningTalksService } from '../../conversations/running-talks.service.js';
import { localTime } from '../local-time.js';
import { refusal } from './companion.errors.js';
import type { CompanionBotDto } from './dto/bot.dto.js';
import type {
  CompanionHistoryDto,
  CompanionInputDto,
  CompanionMessage,
  CompanionReplyDto,
  CompanionRow,
  CompanionTalksDto,
} from './dto/chat.dto.js';

/** The older service knew no conversations: a user has one with each bot, the running one. */
@Injectable()
export class CompanionChats {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly turns: AskedTurnsService,
    private readonly talks: RunningTalksService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** @param asObjects in the place of rows */
  async history(
    user: AuthUser,
    { chatbot_id }: CompanionBotDto,
    asObjects: boolean,
  ): Promise<CompanionHistoryDto> {
    const data: CompanionHistoryDto['data'] = [];
    for await (const message of this.said(user.id, chatbot_id))
      data.push(asObjects ? this.objectOf(message) : this.rowOf(message));
    return ok(data);
  }

  /** The answer is waited for, and not lost where its client leaves. */
  async say(
    { id: ownerId }: AuthUser,
    { chatbot_id = 0, input }: CompanionInputDto,
  ): Promise<CompanionReplyDto> {
    if (!input?.trim()) throw refusal('InputRequired');
    const { id } = await this.conversations.runningWith(ownerId, { chatbotId: chatbot_id });
    return ok(replyOf(await this.turns.say(ownerId, id, input)));
  }

  async list({ id: ownerId }: AuthUser): Promise<CompanionTalksDto> {
    const data: CompanionTalksDto['data'] = [];
    for await (const { chatbotId, chatbotName, lastMessage } of this.talks.every(ownerId))
      data.push([chatbotId, chatbotName, this.timeOf(lastMessage), lastMessage.content]);
    return ok(data);
  }

  private async *said(ownerId: number, chatbotId = 0): AsyncIterable<MessageDto> {
    const running = await this.conversations.findRunningWith(ownerId, { chatbotId });
    if (!running) return;
    for await (const message of this.messages.history(ownerId, running.id))
      if (wasSaid(message)) yield message;
  }

  private rowOf(message: MessageDto): CompanionRow {
    return [message.content, message.role === 'user' ? 1 : 0, this.timeOf(message)];
  }

  private objectOf(message: MessageDto): CompanionMessage {
    return { content: message.content, by_user: message.role === 'user', timestamp: this.timeOf(message) };
  }

  private timeOf({ createdAt }: MessageDto): string {
    return localTime(new Date(createdAt), this.env.LEGACY_TIME_ZONE);
  }
}

/** @throws SurfaceError where the model has failed, or the server ended before it had answered */
function replyOf({ assistantMessage: { status, content, error } }: TurnDto): string {
  if (error && (status === 'failed' || status === 'interrupted')) throw refusal(error.message, 502);
  return content;
}

function ok<T>(data: T): { code: 200; msg: 'ok'; data: T } {
  return { code: 200, msg: 'ok', data };
}
