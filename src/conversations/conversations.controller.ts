import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdempotencyKey } from '../common/idempotency.js';
import { IdPipe } from '../common/id.pipe.js';
import { ConversationsService } from './conversations.service.js';
import {
  ChangeConversationDto,
  ConversationDto,
  ConversationPageDto,
  ConversationQueryDto,
  CreateConversationDto,
} from './dto/conversation.dto.js';
import { MessagePageDto, MessageQueryDto } from './dto/message.dto.js';
import { RecordedMessagesDto, RecordMessagesDto } from './dto/record.dto.js';
import { SendMessageDto } from './dto/turn.dto.js';
import { MessagesService } from './messages.service.js';
import { TurnDelivery } from './turn.delivery.js';
import { ApiTurn } from './turn.openapi.js';
import { TurnsService } from './turns.service.js';

@ApiTags('conversations')
@ApiBearerAuth('access-token')
@Controller('conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly turns: TurnsService,
    private readonly delivery: TurnDelivery,
  ) {}

  /** Begin a conversation, with a chatbot, on a topic, or with neither */
  @Post()
  @ApiCreatedResponse({ type: ConversationDto })
  create(@CurrentUser() user: AuthUser, @Body() dto: CreateConversationDto): Promise<ConversationDto> {
    return this.conversations.create(user.id, dto);
  }

  /** List the own conversations: pinned ones first, then the one last talked in first */
  @Get()
  @ApiOkResponse({ type: ConversationPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: ConversationQueryDto): Promise<ConversationPageDto> {
    return this.conversations.list(user.id, query);
  }

  /** Read a conversation */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<ConversationDto> {
    return this.conversations.find(user.id, id);
  }

  /** Rename, pin or archive a conversation, give it another chatbot or topic, or go on from another branch */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  change(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: ChangeConversationDto,
  ): Promise<ConversationDto> {
    return this.conversations.change(user.id, id, dto);
  }

  /** Delete a conversation with its messages; a running answer is stopped */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  async delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    await this.turns.deleteConversation(user.id, id);
  }

  /** List a conversation's messages: pages hold them oldest first, the first page is the newest */
  @Get(':id/messages')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessagePageDto })
  listMessages(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Query() query: MessageQueryDto,
  ): Promise<MessagePageDto> {
    return this.messages.list(user.id, id, query);
  }

  /** Say something, and get the answer: streamed with `Accept: text/event-stream`, otherwise whole */
  @Post(':id/messages')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiTurn()
  async send(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: SendMessageDto,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.deliver(await this.turns.send(user.id, id, dto, key), request, reply);
  }

  /** Keep messages that were said elsewhere, behind the active branch: nothing is asked of a model */
  @Post(':id/messages/records')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiCreatedResponse({ type: RecordedMessagesDto })
  async record(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() { items }: RecordMessagesDto,
  ): Promise<RecordedMessagesDto> {
    return { items: await this.messages.record(user.id, id, items) };
  }
}
