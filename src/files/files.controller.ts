import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { FileDto, FileListDto, FilePageDto } from './dto/file.dto.js';
import { FilesQueryDto } from './dto/files-query.dto.js';
import { ApiFileContent, sendFile } from './file-response.js';
import { FilesService } from './files.service.js';
import { ApiUploads } from './upload.js';
import { UploadsService } from './uploads.service.js';

@ApiTags('files')
@ApiBearerAuth('access-token')
@Controller('files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly uploads: UploadsService,
  ) {}

  /** Upload pictures and documents: all of a request, or none */
  @Post()
  @ApiUploads('Files', 'Up to 10 pictures or documents: JPEG, PNG, WebP, GIF; PDF, DOCX, XLSX; text.')
  @ApiCreatedResponse({ type: FileListDto })
  async upload(@CurrentUser() user: AuthUser, @Req() request: FastifyRequest): Promise<FileListDto> {
    return FileListDto.from(await this.uploads.accept(user.id, request));
  }

  /** List the own files, newest first */
  @Get()
  @ApiOkResponse({ type: FilePageDto })
  async list(@CurrentUser() user: AuthUser, @Query() query: FilesQueryDto): Promise<FilePageDto> {
    return FilePageDto.fromPage(await this.files.list(user.id, query));
  }

  /** Read what is known of one of the own files */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: FileDto })
  async find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<FileDto> {
    return FileDto.from(await this.files.findOwned(user.id, id));
  }

  /** Get a file itself, whole or in part */
  @Get(':id/content')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiFileContent()
  async content(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendFile(request, reply, await this.files.findOwned(user.id, id), this.files);
  }

  /** Delete a file, wherever it is carried; what was made of it stays */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  delete(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    return this.files.delete(user.id, id);
  }
}
