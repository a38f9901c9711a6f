import { Body, Controller, Get, HttpCode, Param, Patch, Post, Put, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { AfterEvent } from '../common/event-stream.js';
import { IdempotencyKey } from '../common/idempotency.js';
import { IdPipe } from '../common/id.pipe.js';
import { FeedbackDto, MessageDto } from './dto/message.dto.js';
import { RewordMessageDto } from './dto/record.dto.js';
import { FirstMessageDto, RegenerateDto } from './dto/turn.dto.js';
import { MessagesService } from './messages.service.js';
import { TurnDelivery } from './turn.delivery.js';
import { ApiTurn, ApiTurnEvents } from './turn.openapi.js';
import { TurnsService } from './turns.service.js';

@ApiTags('messages')
@ApiBearerAuth('access-token')
@Controller('messages')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly turns: TurnsService,
    private readonly delivery: TurnDelivery,
  ) {}

  /** Begin a conversation by saying something, and get the answer: streamed with `Accept: text/event-stream`, or whole */
  @Post()
  @ApiTurn()
  async begin(
    @CurrentUser() user: AuthUser,
    @Body() dto: FirstMessageDto,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.deliver(await this.turns.begin(user.id, dto, key), request, reply);
  }

  /** Read a message; of an answer that is being written, what there is so far */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessageDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<MessageDto> {
    return this.messages.find(user.id, id);
  }

  /** Say a message otherwise that has no answer yet: one that was recorded */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessageDto })
  reword(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() { content }: RewordMessageDto,
  ): Promise<MessageDto> {
    return this.messages.reword(user.id, id, content);
  }

  /** Follow an answer's events, from the beginning or behind the last one seen */
  @Get(':id/events')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiQuery({
    name: 'after',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'The last event id that was seen.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'As `after`; browsers send it by themselves.',
  })
  @ApiTurnEvents()
  async events(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @AfterEvent() after: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.replay(user.id, id, after, reply);
  }

  /** Stop an answer; what there is of it is kept. An ended one stays as it is */
  @Post(':id/stop')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessageDto })
  stop(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<MessageDto> {
    return this.turns.stop(user.id, id);
  }

  /** Make an answer again, or answer a user's message once more; all answers stay, and the newest is gone on from */
  @Post(':id/regenerate')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiBody({ type: RegenerateDto, required: false })
  @ApiTurn()
  async regenerate(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: RegenerateDto,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.deliver(await this.turns.regenerate(user.id, id, dto, key), request, reply);
  }

  /** Ask for the text of a spoken answer; the time of the first asking is kept */
  @Post(':id/reveal')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessageDto })
  reveal(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<MessageDto> {
    return this.messages.reveal(user.id, id);
  }

  /** Say what one thinks of an answer */
  @Put(':id/feedback')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: MessageDto })
  rate(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: FeedbackDto,
  ): Promise<MessageDto> {
    return this.messages.rate(user.id, id, dto);
  }
}
