import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { fieldMessage } from '../../common/validation.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { MessageDto } from '../../conversations/dto/message.dto.js';
import { MessagesService } from '../../conversations/messages.service.js';
import { NamedConversations } from '../../conversations/named-conversations.service.js';
import type { NotebookAnswerDto } from './dto/answer.dto.js';
import type { AddChatDto, ChatHistoryDto, ChatHistoryQueryDto, DeleteChatDto } from './dto/chat.dto.js';

const PAGE = 100;
const BOT = 0;

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
    if (isNew) return { code: 0, msg: '对话加入成功' };
    const content = contentOf(dto);
    const role = (dto.chat_tpye ?? dto.chat_type) === BOT ? 'assistant' : 'user';
    try {
      await this.messages.record(user.id, conversation.id, [{ role, content }]);
    } catch (error) {
      // Deleted meanwhile: then this is the first time again.
      if (error instanceof AppError && error.code === 'not_found') return this.add(user, dto);
      throw error;
    }
    return { code: 0, msg: '消息加入成功' };
  }

  async delete(user: AuthUser, { chat_id = '' }: DeleteChatDto): Promise<NotebookAnswerDto> {
    await this.named.delete(user.id, chat_id);
    return { code: 0, msg: '对话删除成功' };
  }

  /** The caller's own chat of this title; of several the one last talked in. */
  async history(user: AuthUser, { chat_title = '' }: ChatHistoryQueryDto): Promise<ChatHistoryDto> {
    const chat = await this.conversations.findByTitle(user.id, chat_title);
    const messages = chat ? await this.all(user.id, chat.id) : [];
    return {
      code: 0,
      历史信息列表: messages
        .filter(isSaid)
        .map(({ role, content }) => [role === 'user' ? 'user' : 'chatcar', content]),
    };
  }

  private async all(ownerId: number, conversationId: number): Promise<MessageDto[]> {
    const pages: MessageDto[][] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: PAGE, branch: 'active' as const, ...(cursor && { cursor }) };
      const page = await this.messages.list(ownerId, conversationId, query);
      pages.unshift(page.items);
      cursor = page.nextCursor;
    } while (cursor);
    return pages.flat();
  }
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
