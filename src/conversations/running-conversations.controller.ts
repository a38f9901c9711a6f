import { Controller, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { PageQueryDto } from '../common/page-query.dto.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationDto } from './dto/conversation.dto.js';
import { RunningTalkPageDto } from './dto/running-talk.dto.js';
import { RunningTalksService } from './running-talks.service.js';

@ApiTags('conversations')
@ApiBearerAuth('access-token')
@Controller()
export class RunningConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly talks: RunningTalksService,
  ) {}

  /** List with which chatbots one talks, each with its running conversation and what was said last; the latest first */
  @Get('running-conversations')
  @ApiOkResponse({ type: RunningTalkPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PageQueryDto): Promise<RunningTalkPageDto> {
    return this.talks.list(user.id, query);
  }

  /** Read the running conversation with a chatbot; 404 before there is any with it */
  @Get('chatbots/:id/conversation')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  findWithChatbot(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) chatbotId: number,
  ): Promise<ConversationDto> {
    return this.conversations.readRunningWith(user.id, { chatbotId });
  }

  /** Have a running conversation with a chatbot: the one there is, the one last talked in, or a new one */
  @Put('chatbots/:id/conversation')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  runWithChatbot(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) chatbotId: number,
  ): Promise<ConversationDto> {
    return this.conversations.runningWith(user.id, { chatbotId });
  }

  /** Read the running conversation on a topic; 404 before there is any on it */
  @Get('topics/:id/conversation')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  findOnTopic(@CurrentUser() user: AuthUser, @Param('id', IdPipe) topicId: number): Promise<ConversationDto> {
    return this.conversations.readRunningWith(user.id, { topicId });
  }

  /** Have a running conversation on a topic: the one there is, the one last talked in, or a new one */
  @Put('topics/:id/conversation')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ConversationDto })
  runOnTopic(@CurrentUser() user: AuthUser, @Param('id', IdPipe) topicId: number): Promise<ConversationDto> {
    return this.conversations.runningWith(user.id, { topicId });
  }
}
