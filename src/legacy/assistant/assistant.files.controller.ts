import { HttpCode, Post, Req } from '@nestjs/common';
import { ApiDefaultResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../../common/current-user.js';
import { ApiUploads } from '../../files/upload.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import { CALLER_IN_FORM } from './assistant.caller.js';
import { AssistantFiles } from './assistant.files.js';
import { AssistantFilesDto, AssistantUploadDto } from './dto/file.dto.js';
import { AssistantErrorDto } from './dto/error.dto.js';

@NamesCaller(CALLER_IN_FORM)
@ApiDefaultResponse({ type: AssistantErrorDto, description: 'Any error.' })
@LegacyController('assistant', 'api/file')
export class AssistantFilesController {
  constructor(private readonly files: AssistantFiles) {}

  /** Upload pictures and documents: all of a request, or none */
  @Post('upload')
  @HttpCode(200)
  @ApiUploads('AssistantFiles', 'Up to 10 pictures or documents, as at POST files.', AssistantUploadDto)
  @ApiOkResponse({ type: AssistantFilesDto })
  upload(
    @CurrentUser() user: AuthUser | undefined,
    @Req() request: FastifyRequest,
  ): Promise<AssistantFilesDto> {
    return this.files.upload(user, request);
  }
}
