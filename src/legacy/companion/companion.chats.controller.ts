import { Body, Get, Headers, HttpCode, Post, Query } from '@nestjs/common';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { ChangesByGet, NamesCaller } from '../names-caller.js';
import { CompanionChats } from './companion.chats.js';
import { ApiAnswer } from './companion.openapi.js';
import { CompanionUserDto } from './dto/bot.dto.js';
import {
  CompanionHistoryDto,
  CompanionHistoryQueryDto,
  CompanionInputDto,
  CompanionReplyDto,
  CompanionTalksDto,
} from './dto/chat.dto.js';

const OBJECTS = 'application/vnd.companion.v1+json';

@NamesCaller({ user: 'user_id', as: 'id' })
@LegacyController('companion', 'chat')
export class CompanionChatsController {
  constructor(private readonly chats: CompanionChats) {}

  /** What was said with a bot, oldest first */
  @Get('history')
  @ApiAnswer(CompanionHistoryDto)
  history(
    @CurrentUser() user: AuthUser,
    @Query() query: CompanionHistoryQueryDto,
    @Headers('accept') accept = '',
  ): Promise<CompanionHistoryDto> {
    return this.chats.history(user, query, query.format === 'object' || accept.includes(OBJECTS));
  }

  /** Say something to a bot, and get the answer */
  @Post('new_chat')
  @HttpCode(200)
  @ApiAnswer(CompanionReplyDto)
  say(@CurrentUser() user: AuthUser, @Body() dto: CompanionInputDto): Promise<CompanionReplyDto> {
    return this.chats.say(user, dto);
  }

  /** The same as a GET; with the cookie only from pages of this site */
  @ChangesByGet()
  @Get('new_chat')
  @ApiAnswer(CompanionReplyDto)
  sayByGet(@CurrentUser() user: AuthUser, @Query() dto: CompanionInputDto): Promise<CompanionReplyDto> {
    return this.chats.say(user, dto);
  }

  /** With which bots one talks, and what was said last */
  @Get('list')
  @ApiAnswer(CompanionTalksDto)
  list(@CurrentUser() user: AuthUser, @Query() _query: CompanionUserDto): Promise<CompanionTalksDto> {
    return this.chats.list(user);
  }
}
