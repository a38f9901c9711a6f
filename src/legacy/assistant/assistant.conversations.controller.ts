import { Delete, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import {
  ApiDefaultResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiParam,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import { CALLER } from './assistant.caller.js';
import { AssistantConversations } from './assistant.conversations.js';
import {
  AssistantConversationsDto,
  AssistantDeletionDto,
  AssistantHistoryDto,
  AssistantQueryDto,
  AssistantTurnDto,
} from './dto/conversation.dto.js';
import { ReferencePipe } from './reference.js';
import { AssistantErrorDto } from './dto/error.dto.js';

@NamesCaller(CALLER)
@ApiDefaultResponse({ type: AssistantErrorDto, description: 'Any error.' })
@LegacyController('assistant', 'api/conversations')
export class AssistantConversationsController {
  constructor(private readonly conversations: AssistantConversations) {}

  /** List all conversations of the user, the one last talked in first */
  @Get('list/:username')
  @ApiParam({ name: 'username', type: 'string' })
  @ApiOkResponse({ type: AssistantConversationsDto })
  list(@CurrentUser() user: AuthUser): Promise<StreamableFile> {
    return this.conversations.list(user.id);
  }

  /** What was said in a conversation, oldest first, each question with its answer */
  @Get(':id/history')
  @ApiParam({ name: 'id', type: 'string' })
  @ApiExtraModels(AssistantHistoryDto, AssistantTurnDto)
  @ApiResponse({
    status: 200,
    description: 'A list; with `format=object` in an object.',
    schema: {
      oneOf: [
        { type: 'array', items: { $ref: getSchemaPath(AssistantTurnDto) } },
        { $ref: getSchemaPath(AssistantHistoryDto) },
      ],
    },
  })
  history(
    @CurrentUser() user: AuthUser,
    @Param('id', ReferencePipe) id: number,
    @Query() query: AssistantQueryDto,
  ): Promise<StreamableFile> {
    return this.conversations.history(user.id, id, query);
  }

  /** Delete a conversation with its messages; a running answer is stopped */
  @Delete(':id/delete')
  @ApiParam({ name: 'id', type: 'string' })
  @ApiOkResponse({ type: AssistantDeletionDto })
  delete(
    @CurrentUser() user: AuthUser,
    @Param('id', ReferencePipe) id: number,
    @Query() _query: AssistantQueryDto,
  ): Promise<AssistantDeletionDto> {
    return this.conversations.delete(user.id, id);
  }
}
