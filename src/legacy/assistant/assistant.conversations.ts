import { Injectable, StreamableFile } from '@nestjs/common';
import { begun, jsonList } from '../../common/json-stream.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { ConversationDto } from '../../conversations/dto/conversation.dto.js';
import type { MessageDto } from '../../conversations/dto/message.dto.js';
import { MessagesService } from '../../conversations/messages.service.js';
import { TurnsService } from '../../conversations/turns.service.js';
import {
  AssistantConversationDto,
  type AssistantDeletionDto,
  type AssistantQueryDto,
  AssistantTurnDto,
} from './dto/conversation.dto.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** A user's conversations as this surface tells of them. Lists have no end in it: they are read while they are written. */
@Injectable()
export class AssistantConversations {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly turns: TurnsService,
  ) {}

  async list(ownerId: number): Promise<StreamableFile> {
    return listOf(listed(this.conversations.newest(ownerId)), 'conversations');
  }

  /** @throws AppError not_found */
  async history(ownerId: number, id: number, { format }: AssistantQueryDto): Promise<StreamableFile> {
    const turns = turnsOf(this.messages.activeBranch(ownerId, id));
    return listOf(turns, format === 'object' ? 'data' : undefined);
  }

  /** @throws AppError not_found */
  async delete(ownerId: number, id: number): Promise<AssistantDeletionDto> {
    await this.turns.deleteConversation(ownerId, id);
    return { message: '对话已删除', conversation_id: String(id) };
  }
}

/** @param name of the list in an object; without it, it stands by itself */
async function listOf(pages: AsyncIterable<unknown[]>, name?: string): Promise<StreamableFile> {
  const [head, tail] = name === undefined ? ['[', ']\n'] : [`{${JSON.stringify(name)}:[`, ']}\n'];
  return new StreamableFile(jsonList(await begun(pages), head, tail), { type: JSON_TYPE });
}

async function* listed(pages: AsyncIterable<ConversationDto[]>): AsyncGenerator<AssistantConversationDto[]> {
  for await (const page of pages)
    yield page.map((conversation) => AssistantConversationDto.from(conversation));
}

/** Questions with their answers. One without the other stands by itself: nothing is left out. */
async function* turnsOf(pages: AsyncIterable<MessageDto[]>): AsyncGenerator<AssistantTurnDto[]> {
  let question: MessageDto | undefined;
  for await (const page of pages) {
    const turns: AssistantTurnDto[] = [];
    for (const message of page) {
      const isQuestion = message.role === 'user';
      if (!isQuestion) turns.push(AssistantTurnDto.from(question, message));
      else if (question) turns.push(AssistantTurnDto.from(question));
      question = isQuestion ? message : undefined;
    }
    yield turns;
  }
  if (question) yield [AssistantTurnDto.from(question)];
}
