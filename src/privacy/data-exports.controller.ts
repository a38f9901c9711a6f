import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser, Linked } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { PageQueryDto } from '../common/page-query.dto.js';
import { ApiFileContent, sendFile } from '../files/file-response.js';
import { FilesService } from '../files/files.service.js';
import { DataExportsService } from './data-exports.service.js';
import { DataExportDto, DataExportPageDto, ExportLinkDto } from './dto/data-export.dto.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me')
export class DataExportsController {
  constructor(
    private readonly exports: DataExportsService,
    private readonly files: FilesService,
  ) {}

  /** Have all that one has put together in an archive; ask for it again until it is done */
  @Post('export')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: DataExportDto })
  ask(@CurrentUser() user: AuthUser): Promise<DataExportDto> {
    return this.exports.ask(user.id);
  }

  /** List the exports that there are, newest first */
  @Get('exports')
  @ApiOkResponse({ type: DataExportPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PageQueryDto): Promise<DataExportPageDto> {
    return this.exports.list(user.id, query);
  }

  /** Read how far an export is, and where it is to be had */
  @Get('exports/:id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: DataExportDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<DataExportDto> {
    return this.exports.find(user.id, id);
  }

  /** Get the archive, whole or in part; with the token of its link no login is needed */
  @Get('exports/:id/content')
  @Linked()
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiFileContent()
  async content(
    @CurrentUser() user: AuthUser | undefined,
    @Param('id', IdPipe) id: number,
    @Query() { token }: ExportLinkDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendFile(request, reply, await this.exports.archiveOf(user, id, token), this.files);
  }

  /** Remove an export with its archive; one that is on its way ends */
  @Delete('exports/:id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  async delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    await this.exports.delete(user.id, id);
  }
}
