import { Body, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiDefaultResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiParam,
  ApiProduces,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller, SpendsByGet } from '../names-caller.js';
import { CALLER } from './assistant.caller.js';
import { AssistantChat } from './assistant.chat.js';
import { AssistantSuggestions } from './assistant.suggestions.js';
import { AssistantChatDto, AssistantSuggestionsDto } from './dto/chat.dto.js';
import { AssistantQueryDto } from './dto/conversation.dto.js';
import { ReferencePipe } from './reference.js';
import { AssistantErrorDto } from './dto/error.dto.js';

@NamesCaller(CALLER)
@ApiDefaultResponse({ type: AssistantErrorDto, description: 'Any error.' })
@LegacyController('assistant', 'api/chat')
export class AssistantChatController {
  constructor(
    private readonly chat: AssistantChat,
    private readonly suggestions: AssistantSuggestions,
  ) {}

  /** Say something, and get the answer as plain text, piece by piece */
  @Post()
  @HttpCode(200)
  @ApiProduces('text/plain', 'application/json')
  @ApiOkResponse({
    description:
      'Pieces of text as they come, none of white space alone; at last one piece `[MESSAGE_ID:<id of the answer>]`, or ' +
      'one that begins with `[ERROR]`. A client that hangs up stops the answer. What looks like a marker in the text ' +
      'itself has a full-width bracket here; the stored message is as the model wrote it.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async say(
    @CurrentUser() user: AuthUser,
    @Body() dto: AssistantChatDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.chat.answer(user.id, dto, reply);
  }

  /** What the user may ask next, after an answer */
  @SpendsByGet()
  @Get('next_suggest/:message_id')
  @ApiParam({ name: 'message_id', type: 'string' })
  @ApiExtraModels(AssistantSuggestionsDto)
  @ApiResponse({
    status: 200,
    description: 'Up to three questions; with `format=object` in an object.',
    schema: {
      oneOf: [{ type: 'array', items: { type: 'string' } }, { $ref: getSchemaPath(AssistantSuggestionsDto) }],
    },
  })
  suggest(
    @CurrentUser() user: AuthUser,
    @Param('message_id', ReferencePipe) id: number,
    @Query() query: AssistantQueryDto,
  ): Promise<string[] | AssistantSuggestionsDto> {
    return this.suggestions.of(user.id, id, query);
  }
}
