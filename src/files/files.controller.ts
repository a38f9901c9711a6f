import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { FileDto } from './dto/file.dto.js';
import { ApiFileContent, sendFile } from './file-response.js';
import { FilesService } from './files.service.js';

@ApiTags('files')
@ApiBearerAuth('access-token')
@Controller('files')
export class FilesController {
  constructor(private readonly files: FilesService) {}

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
}
