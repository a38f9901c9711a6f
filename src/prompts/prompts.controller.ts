import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { TakesUpTo } from '../common/body-limit.js';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import {
  CreatePromptDto,
  PromptsQueryDto,
  PromptTagsQueryDto,
  RandomPromptsQueryDto,
  UpdatePromptDto,
} from './dto/prompt-input.dto.js';
import { RenderedPromptDto, RenderPromptDto } from './dto/prompt-render.dto.js';
import {
  ExportPromptsQueryDto,
  ImportedPromptsDto,
  ImportPromptsDto,
  PromptsFileDto,
} from './dto/prompt-transfer.dto.js';
import { PromptDto, PromptListDto, PromptPageDto, PromptTagListDto } from './dto/prompt.dto.js';
import { PromptExportService } from './prompt-export.service.js';
import { PromptImportService } from './prompt-import.service.js';
import { PromptListingService } from './prompt-listing.service.js';
import { PromptsService } from './prompts.service.js';

const IMPORT_BYTES = 5 * 1024 * 1024;

@ApiTags('prompts')
@ApiBearerAuth('access-token')
@Controller('prompts')
export class PromptsController {
  constructor(
    private readonly prompts: PromptsService,
    private readonly listing: PromptListingService,
    private readonly importing: PromptImportService,
    private readonly exporting: PromptExportService,
  ) {}

  /** Make a prompt; shared ones are for admins */
  @Post()
  @ApiCreatedResponse({ type: PromptDto })
  create(@CurrentUser() user: AuthUser, @Body() dto: CreatePromptDto): Promise<PromptDto> {
    return this.prompts.create(user, dto);
  }

  /** List own and shared prompts, newest first, or find some of them */
  @Get()
  @ApiOkResponse({ type: PromptPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PromptsQueryDto): Promise<PromptPageDto> {
    return this.listing.list(user.id, query);
  }

  /** Draw different prompts at random, out of the own and the shared ones */
  @Get('random')
  @ApiOkResponse({ type: PromptListDto })
  random(@CurrentUser() user: AuthUser, @Query() query: RandomPromptsQueryDto): Promise<PromptListDto> {
    return this.prompts.random(user.id, query);
  }

  /** List the tags of own and shared prompts, the most used first */
  @Get('tags')
  @ApiOkResponse({ type: PromptTagListDto })
  tags(@CurrentUser() user: AuthUser, @Query() query: PromptTagsQueryDto): Promise<PromptTagListDto> {
    return this.listing.tags(user.id, query);
  }

  /** Export prompts as a file, from which an import takes them */
  @Get('export')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: PromptsFileDto })
  export(@CurrentUser() user: AuthUser, @Query() query: ExportPromptsQueryDto): Promise<StreamableFile> {
    return this.exporting.export(user.id, query);
  }

  /** Import prompts, all of them or none; shared ones are for admins */
  @Post('import')
  @HttpCode(200)
  @TakesUpTo(IMPORT_BYTES)
  @ApiOkResponse({ type: ImportedPromptsDto })
  import(@CurrentUser() user: AuthUser, @Body() dto: ImportPromptsDto): Promise<ImportedPromptsDto> {
    return this.importing.import(user, dto);
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

  /** Fill the variables of a prompt */
  @Post(':id/render')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: RenderedPromptDto })
  render(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: RenderPromptDto,
  ): Promise<RenderedPromptDto> {
    return this.prompts.render(user.id, id, dto);
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
