import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { OrderedPageQueryDto } from '../common/page-query.dto.js';
import { ChatbotsService } from './chatbots.service.js';
import { CreateChatbotDto, UpdateChatbotDto } from './dto/chatbot-input.dto.js';
import { ChatbotDto, ChatbotPageDto } from './dto/chatbot.dto.js';

@ApiTags('chatbots')
@ApiBearerAuth('access-token')
@Controller('chatbots')
export class ChatbotsController {
  constructor(private readonly chatbots: ChatbotsService) {}

  /** Make a bot */
  @Post()
  @ApiCreatedResponse({ type: ChatbotDto })
  create(@CurrentUser() user: AuthUser, @Body() dto: CreateChatbotDto): Promise<ChatbotDto> {
    return this.chatbots.create(user.id, dto);
  }

  /** List the own bots, newest first, or oldest first */
  @Get()
  @ApiOkResponse({ type: ChatbotPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: OrderedPageQueryDto): Promise<ChatbotPageDto> {
    return this.chatbots.list(user.id, query);
  }

  /** Read one of the own bots */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ChatbotDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<ChatbotDto> {
    return this.chatbots.find(user.id, id);
  }

  /** Change a bot: absent fields stay, null clears */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ChatbotDto })
  update(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: UpdateChatbotDto,
  ): Promise<ChatbotDto> {
    return this.chatbots.update(user.id, id, dto);
  }

  /** Delete a bot; conversations with it stay readable */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    return this.chatbots.delete(user.id, id);
  }
}
