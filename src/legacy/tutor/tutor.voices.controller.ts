import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse } from '@nestjs/swagger';
import { TakesUpTo } from '../../common/body-limit.js';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { ChangesByGet, NamesCaller } from '../names-caller.js';
import {
  MAX_VOICE,
  TutorAssessmentDto,
  TutorReplacedDto,
  TutorRerecordDto,
  TutorSpeakDto,
  TutorTurnQueryDto,
  TutorVoiceAnswerDto,
} from './dto/turn.dto.js';
import { TutorErrorDto, TutorRerecordErrorDto } from './dto/error.dto.js';
import { TutorFeedback } from './tutor.feedback.js';
import { TutorVoices } from './tutor.voices.js';

@ApiDefaultResponse({ type: TutorErrorDto, description: 'What is wrong.' })
@NamesCaller({ owner: 'message', field: 'conversation_id' })
@LegacyController('tutor', 'botchat/chat')
export class TutorVoicesController {
  constructor(
    private readonly voices: TutorVoices,
    private readonly feedback: TutorFeedback,
  ) {}

  /** Hear the response of a turn; it is spoken once, and kept */
  @Post('tts')
  @HttpCode(200)
  @ApiOkResponse({ type: TutorVoiceAnswerDto })
  speak(@CurrentUser() user: AuthUser, @Body() dto: TutorSpeakDto): Promise<TutorVoiceAnswerDto> {
    return this.voices.speak(user, dto);
  }

  /** Say a turn aloud once more */
  @Post('rerecord_voice')
  @HttpCode(200)
  @TakesUpTo(MAX_VOICE)
  @ApiOkResponse({ type: TutorReplacedDto })
  @ApiDefaultResponse({ type: TutorRerecordErrorDto, description: 'What is wrong.' })
  rerecord(@CurrentUser() user: AuthUser, @Body() dto: TutorRerecordDto): Promise<TutorReplacedDto> {
    return this.voices.rerecord(user, dto);
  }

  /** Read an estimate of how a turn was pronounced */
  @Get('get_audio_assessment')
  @ApiOkResponse({ type: TutorAssessmentDto })
  pronunciation(
    @CurrentUser() user: AuthUser,
    @Query() query: TutorTurnQueryDto,
  ): Promise<TutorAssessmentDto> {
    return this.feedback.pronunciation(user, query);
  }

  /** Read what there is to say of how a turn was put; the first time has a model write it */
  @Get('get_expression_assessment')
  @ChangesByGet()
  @ApiOkResponse({ type: TutorAssessmentDto })
  expression(@CurrentUser() user: AuthUser, @Query() query: TutorTurnQueryDto): Promise<TutorAssessmentDto> {
    return this.feedback.expression(user, query);
  }
}
