import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { IdempotencyKey } from '../common/idempotency.js';
import { VoiceMessageDto, VoiceTurnDto } from './dto/voice-turn.dto.js';
import { VoiceTurnDelivery } from './voice-turn.delivery.js';
import { ApiVoiceMessage, ApiVoiceTurnEvents } from './voice-turn.openapi.js';
import type { VoicePosition } from './voice-turn.position.js';
import { AfterVoiceEvent } from './voice-turn.request.js';
import { VoiceTurnsService } from './voice-turns.service.js';

@ApiTags('speech')
@ApiBearerAuth('access-token')
@Controller()
export class VoiceMessagesController {
  constructor(
    private readonly voiceTurns: VoiceTurnsService,
    private readonly delivery: VoiceTurnDelivery,
  ) {}

  /** Say something aloud, and hear the answer: streamed with `Accept: text/event-stream`, otherwise whole */
  @Post('conversations/:id/voice-messages')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiVoiceMessage()
  async send(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @IdempotencyKey() key: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.accept(user.id, id, key, request, reply);
  }

  /** Read a voice turn; of one that is on its way, what there is so far */
  @Get('voice-messages/:id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: VoiceMessageDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<VoiceMessageDto> {
    return this.voiceTurns.find(user.id, id);
  }

  /** Follow a voice turn's events, from the beginning or behind the last one seen */
  @Get('voice-messages/:id/events')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiVoiceTurnEvents()
  async events(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @AfterVoiceEvent() after: VoicePosition,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.delivery.replay(user.id, id, after, reply);
  }

  /** Stop a voice turn, wherever it stands: nothing further is heard, written or spoken. An ended one stays as it is */
  @Post('voice-messages/:id/stop')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: VoiceTurnDto })
  stop(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<VoiceTurnDto> {
    return this.voiceTurns.stop(user.id, id);
  }
}
