import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { AfterEvent } from '../common/event-stream.js';
import { IdPipe } from '../common/id.pipe.js';
import { IdempotencyKey } from '../common/idempotency.js';
import { TranscriptionDto, TranscriptionPageDto, TranscriptionQueryDto } from './dto/transcription.dto.js';
import { TranscriptionDelivery } from './transcription.delivery.js';
import { ApiTranscribe, ApiTranscriptionEvents } from './transcription.openapi.js';
import { TranscriptionsService } from './transcriptions.service.js';

@ApiTags('speech')
@ApiBearerAuth('access-token')
@Controller('speech/transcriptions')
export class TranscriptionsController {
  constructor(
    private readonly transcriptions: TranscriptionsService,
    private readonly delivery: TranscriptionDelivery,
  ) {}

  /** Have a recording transcribed; follow it by its events, or look again */
  @Post()
  @HttpCode(202)
  @ApiTranscribe()
  async create(
    @CurrentUser() user: AuthUser,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.accept(user.id, key, request, reply);
  }

  /** List the own transcriptions, newest first */
  @Get()
  @ApiOkResponse({ type: TranscriptionPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: TranscriptionQueryDto): Promise<TranscriptionPageDto> {
    return this.transcriptions.list(user.id, query);
  }

  /** Read a transcription */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: TranscriptionDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<TranscriptionDto> {
    return this.transcriptions.find(user.id, id);
  }

  /** Follow a transcription's events, from the beginning or behind the last one seen */
  @Get(':id/events')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiTranscriptionEvents()
  async events(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @AfterEvent() after: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.replay(user.id, id, after, reply);
  }

  /** Cancel a transcription that is on its way; one that has ended stays as it is */
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: TranscriptionDto })
  cancel(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<TranscriptionDto> {
    return this.transcriptions.cancel(user.id, id);
  }

  /** Delete a transcription, and its recording unless a message has it */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  async delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    await this.transcriptions.delete(user.id, id);
  }
}
