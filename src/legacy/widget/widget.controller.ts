import { Body, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { WidgetAnswerDto, WidgetConfigDto, WidgetQuestionDto } from './dto/widget.dto.js';
import { WidgetAnswers } from './widget.answers.js';
import { WidgetAppearance } from './widget.appearance.js';
import { ApiPieces, ApiQuestion } from './widget.openapi.js';

@Public()
@LegacyController('widget', 'myapi/v1')
export class WidgetController {
  constructor(
    private readonly answers: WidgetAnswers,
    private readonly appearance: WidgetAppearance,
  ) {}

  /** How the widget looks, and whether it answers */
  @Get('chat-bot-config')
  @ApiOkResponse({ type: WidgetConfigDto })
  config(@Req() request: FastifyRequest): WidgetConfigDto {
    return this.appearance.of(request);
  }

  /** Ask, and get the answer as it is written */
  @Post('chat-bot/stream')
  @HttpCode(200)
  @ApiPieces()
  @ApiQuestion()
  stream(
    @Body() dto: WidgetQuestionDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answers.stream(dto, { request, reply });
  }

  /** Ask, and get the whole answer */
  @Post('chat-bot')
  @HttpCode(200)
  @ApiOkResponse({ type: WidgetAnswerDto })
  @ApiQuestion()
  answer(
    @Body() dto: WidgetQuestionDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WidgetAnswerDto | undefined> {
    return this.answers.whole(dto, { request, reply });
  }
}
