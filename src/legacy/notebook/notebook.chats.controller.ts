import { Body, HttpCode, Post, type StreamableFile } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import { NotebookAnswerDto } from './dto/answer.dto.js';
import { AddChatDto, ChatHistoryDto, ChatHistoryQueryDto, DeleteChatDto } from './dto/chat.dto.js';
import { NotebookChats } from './notebook.chats.js';

@LegacyController('notebook', 'myapp')
@ApiDefaultResponse({ type: NotebookAnswerDto, description: 'Any error.' })
export class NotebookChatsController {
  constructor(private readonly chats: NotebookChats) {}

  /** Make a chat, or, where the user has it, add a message to it */
  @Post('add_chat')
  @HttpCode(200)
  @NamesCaller({ user: 'username', as: 'username' })
  @ApiOkResponse({ type: NotebookAnswerDto })
  add(@CurrentUser() user: AuthUser, @Body() dto: AddChatDto): Promise<NotebookAnswerDto> {
    return this.chats.add(user, dto);
  }

  /** Delete a chat with its messages */
  @Post('delete_chat')
  @HttpCode(200)
  @NamesCaller({ owner: 'externalId', field: 'chat_id' })
  @ApiOkResponse({ type: NotebookAnswerDto })
  delete(@CurrentUser() user: AuthUser, @Body() dto: DeleteChatDto): Promise<NotebookAnswerDto> {
    return this.chats.delete(user, dto);
  }

  /** Read the messages of the chat of a title */
  @Post('get_history_chat')
  @HttpCode(200)
  @NamesCaller({ owner: 'title', field: 'chat_title' })
  @ApiOkResponse({ type: ChatHistoryDto })
  history(
    @CurrentUser() user: AuthUser,
    @Body() dto: ChatHistoryQueryDto,
  ): Promise<StreamableFile | ChatHistoryDto> {
    return this.chats.history(user, dto);
  }
}
