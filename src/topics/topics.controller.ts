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
import { TopicsService } from './topics.service.js';
import { CreateTopicDto, UpdateTopicDto } from './dto/topic-input.dto.js';
import { TopicDto, TopicPageDto, TopicPresetListDto } from './dto/topic.dto.js';

@ApiTags('topics')
@ApiBearerAuth('access-token')
@Controller('topics')
export class TopicsController {
  constructor(private readonly topics: TopicsService) {}

  /** Make a topic, of your own or from a preset */
  @Post()
  @ApiCreatedResponse({ type: TopicDto })
  create(@CurrentUser() user: AuthUser, @Body() dto: CreateTopicDto): Promise<TopicDto> {
    return this.topics.create(user.id, dto);
  }

  /** List the own topics, newest first, or oldest first */
  @Get()
  @ApiOkResponse({ type: TopicPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: OrderedPageQueryDto): Promise<TopicPageDto> {
    return this.topics.list(user.id, query);
  }

  /** List the ready-made role-play scenarios */
  @Get('presets')
  @ApiOkResponse({ type: TopicPresetListDto })
  presets(): TopicPresetListDto {
    return this.topics.presets();
  }

  /** Read one of the own topics */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: TopicDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<TopicDto> {
    return this.topics.find(user.id, id);
  }

  /** Change a topic: absent fields stay, null clears */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: TopicDto })
  update(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: UpdateTopicDto,
  ): Promise<TopicDto> {
    return this.topics.update(user.id, id, dto);
  }

  /** Delete a topic; conversations about it stay */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    return this.topics.delete(user.id, id);
  }
}
