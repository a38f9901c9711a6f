import { Body, HttpCode, Post } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse } from '@nestjs/swagger';
import { TakesUpTo } from '../../common/body-limit.js';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import {
  MAX_VOICE,
  TutorHeardDto,
  TutorPromptDto,
  TutorResponseDto,
  TutorRoundDto,
  TutorVoiceDto,
  TutorWordDto,
} from './dto/turn.dto.js';
import { TutorErrorDto } from './dto/error.dto.js';
import { TutorTurns } from './tutor.turns.js';

@ApiDefaultResponse({ type: TutorErrorDto, description: 'What is wrong.' })
@NamesCaller({ user: 'user_id', as: 'id' })
@LegacyController('tutor', 'botchat/chat')
export class TutorTurnsController {
  constructor(private readonly turns: TutorTurns) {}

  /** Say something aloud: it is written down, and is a turn that waits for its response */
  @Post('handle_audio')
  @HttpCode(200)
  @TakesUpTo(MAX_VOICE)
  @ApiOkResponse({ type: TutorHeardDto })
  hear(@CurrentUser() user: AuthUser, @Body() dto: TutorVoiceDto): Promise<TutorHeardDto> {
    return this.turns.hear(user, dto);
  }

  /** Have a turn answered, or say something in writing */
  @Post('obtain_openai_response')
  @HttpCode(200)
  @ApiOkResponse({ type: TutorResponseDto })
  respond(@CurrentUser() user: AuthUser, @Body() dto: TutorPromptDto): Promise<TutorResponseDto> {
    return this.turns.respond(user, dto);
  }

  /** The whole round: say something in writing, and hear the response */
  @Post('sendword')
  @HttpCode(200)
  @ApiOkResponse({ type: TutorRoundDto })
  sendWord(@CurrentUser() user: AuthUser, @Body() dto: TutorWordDto): Promise<TutorRoundDto> {
    return this.turns.sendWord(user, dto);
  }

  /** The whole round: say something aloud, and hear the response */
  @Post('sendvoice')
  @HttpCode(200)
  @TakesUpTo(MAX_VOICE)
  @ApiOkResponse({ type: TutorRoundDto })
  sendVoice(@CurrentUser() user: AuthUser, @Body() dto: TutorVoiceDto): Promise<TutorRoundDto> {
    return this.turns.sendVoice(user, dto);
  }
}
