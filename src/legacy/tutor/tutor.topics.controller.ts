import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiDefaultResponse, ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import {
  TutorCallerDto,
  TutorCustomTopicDto,
  TutorMessageDto,
  TutorPresetTopicDto,
  TutorThemeDto,
  TutorTopicsDto,
} from './dto/topic.dto.js';
import { TutorErrorDto } from './dto/error.dto.js';
import { TutorDetailsDto, TutorTopicQueryDto } from './dto/turn.dto.js';
import { TutorDetails } from './tutor.details.js';
import { TutorTopics } from './tutor.topics.js';

@ApiDefaultResponse({ type: TutorErrorDto, description: 'What is wrong.' })
@NamesCaller({ user: 'user_id', as: 'id' })
@LegacyController('tutor', 'botchat/chat')
export class TutorTopicsController {
  constructor(
    private readonly topics: TutorTopics,
    private readonly details: TutorDetails,
  ) {}

  /** List all topics of the user */
  @Get('gettopics')
  @ApiOkResponse({ type: TutorTopicsDto })
  list(@CurrentUser() user: AuthUser, @Query() query: TutorCallerDto): Promise<TutorTopicsDto> {
    return this.topics.list(user, query);
  }

  /** Make a topic; answers with all of them */
  @Post('newtopic')
  @ApiCreatedResponse({ type: TutorTopicsDto })
  add(@CurrentUser() user: AuthUser, @Body() dto: TutorCallerDto): Promise<TutorTopicsDto> {
    return this.topics.add(user, dto);
  }

  /** Make a topic with instructions of one's own; answers with all of them */
  @Post('customtopic')
  @ApiCreatedResponse({ type: TutorTopicsDto })
  addCustom(@CurrentUser() user: AuthUser, @Body() dto: TutorCustomTopicDto): Promise<TutorTopicsDto> {
    return this.topics.addCustom(user, dto);
  }

  /** Make a topic with a ready-made scenario; answers with all of them */
  @Post('preset_topic')
  @ApiCreatedResponse({ type: TutorTopicsDto })
  addPreset(@CurrentUser() user: AuthUser, @Body() dto: TutorPresetTopicDto): Promise<TutorTopicsDto> {
    return this.topics.addPreset(user, dto);
  }

  /** Give a topic another name */
  @Post('change/theme')
  @HttpCode(200)
  @NamesCaller({ owner: 'topic', field: 'topic_id' })
  @ApiOkResponse({ type: TutorMessageDto })
  rename(@CurrentUser() user: AuthUser, @Body() dto: TutorThemeDto): Promise<TutorMessageDto> {
    return this.topics.rename(user, dto);
  }

  /** List all turns on a topic, with their voices */
  @Get('getdetails')
  @NamesCaller({ owner: 'topic', field: 'topic_id' })
  @ApiOkResponse({ type: TutorDetailsDto })
  listDetails(@CurrentUser() user: AuthUser, @Query() query: TutorTopicQueryDto): Promise<TutorDetailsDto> {
    return this.details.list(user, query);
  }
}
