import { Injectable, StreamableFile } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { begun, jsonList } from '../../common/json-stream.js';
import { fieldMessage } from '../../common/validation.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { MessageDto } from '../../conversations/dto/message.dto.js';
import { MessagesService } from '../../conversations/messages.service.js';
import { NamedConversations } from '../../conversations/named-conversations.service.js';
import type { NotebookAnswerDto } from './dto/answer.dto.js';
import type { AddChatDto, ChatHistoryDto, ChatHistoryQueryDto, DeleteChatDto } from './dto/chat.dto.js';
import { CHAT_ADDED, CHAT_DELETED, MESSAGE_ADDED, NO_HISTORY } from './notebook.answers.js';

const BOT = 0;
const JSON_TYPE = 'application/json; charset=utf-8';
const AROUND_ROWS = ['{"code":0,"历史信息列表":[', ']}\n'] as const;

/** Chats: conversations by the client's own id, whose messages are kept as they are. */
@Injectable()
export class NotebookChats {
  constructor(
    private readonly named: NamedConversations,
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
  ) {}

  /** The first time makes the chat, every later one adds a message. @throws AppError invalid_input, turn_running */
  async add(user: AuthUser, dto: AddChatDto): Promise<NotebookAnswerDto> {
    const { conversation, isNew } = await this.named.open(user.id, dto.chat_id, dto.chat_title);
    if (isNew) return CHAT_ADDED;
    const content = contentOf(dto);
    const role = (dto.chat_tpye ?? dto.chat_type) === BOT ? 'assistant' : 'user';
    try {
      await this.messages.record(user.id, conversation.id, [{ role, content }]);
    } catch (error) {
      // Deleted meanwhile: then this is the first time again.
      if (error instanceof AppError && error.code === 'not_found') return this.add(user, dto);
      throw error;
    }
    return MESSAGE_ADDED;
  }

  async delete(user: AuthUser, { chat_id = '' }: DeleteChatDto): Promise<NotebookAnswerDto> {
    await this.named.delete(user.id, chat_id);
    return CHAT_DELETED;
  }

  /** The caller's own chat of this title; of several the one last talked in. It is read while it is written. */
  async history(
    user: AuthUser,
    { chat_title = '' }: ChatHistoryQueryDto,
  ): Promise<StreamableFile | ChatHistoryDto> {
    const chat = await this.conversations.findByTitle(user.id, chat_title);
    if (!chat) return NO_HISTORY;
    const rows = rowsOf(this.messages.activeBranch(user.id, chat.id));
    return new StreamableFile(jsonList(await begun(rows), ...AROUND_ROWS), { type: JSON_TYPE });
  }
}

async function* rowsOf(pages: AsyncIterable<MessageDto[]>): AsyncGenerator<[who: string, text: string][]> {
  for await (const page of pages)
    yield page.filter(isSaid).map(({ role, content }) => [role === 'user' ? 'user' : 'chatcar', content]);
}

/** An answer that failed before its first word is none. */
function isSaid({ role, content }: MessageDto): boolean {
  return role === 'user' || content !== '';
}

/** @throws AppError invalid_input */
function contentOf({ chat_content = '' }: AddChatDto): string {
  if (/\S/u.test(chat_content)) return chat_content;
  throw new AppError('invalid_input', {
    errors: [{ field: 'chat_content', message: fieldMessage('isNotBlank') }],
  });
}
