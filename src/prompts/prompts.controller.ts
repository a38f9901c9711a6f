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
import { PageQueryDto } from '../common/page-query.dto.js';
import { PromptsService } from './prompts.service.js';
import { CreatePromptDto, RandomPromptsQueryDto, UpdatePromptDto } from './dto/prompt-input.dto.js';
import { PromptDto, PromptListDto, PromptPageDto } from './dto/prompt.dto.js';

@ApiTags('prompts')
@ApiBearerAuth('access-token')
@Controller('prompts')
export class PromptsController {
  constructor(private readonly prompts: PromptsService) {}

  /** Make a prompt; shared ones are for admins */
  @Post()
  @ApiCreatedResponse({ type: PromptDto })
  create(@CurrentUser() user: AuthUser, @Body() dto: CreatePromptDto): Promise<PromptDto> {
    return this.prompts.create(user, dto);
  }

  /** List the own and the shared prompts, newest first */
  @Get()
  @ApiOkResponse({ type: PromptPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PageQueryDto): Promise<PromptPageDto> {
    return this.prompts.list(user.id, query);
  }

  /** Draw different prompts at random, out of the own and the shared ones */
  @Get('random')
  @ApiOkResponse({ type: PromptListDto })
  random(@CurrentUser() user: AuthUser, @Query() query: RandomPromptsQueryDto): Promise<PromptListDto> {
    return this.prompts.random(user.id, query);
  }

  /** Read an own or shared prompt */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: PromptDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<PromptDto> {
    return this.prompts.find(user.id, id);
  }

  /** Change a prompt: absent fields stay */
  @Patch(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: PromptDto })
  update(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: UpdatePromptDto,
  ): Promise<PromptDto> {
    return this.prompts.update(user, id, dto);
  }

  /** Delete a prompt */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    return this.prompts.delete(user, id);
  }
}
