import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AuthUser } from '../../common/current-user.js';
import { UploadsService } from '../../files/uploads.service.js';
import { FormCallers } from '../form-callers.service.js';
import { CALLER } from './assistant.caller.js';
import { AssistantFilesDto, AssistantUploadDto } from './dto/file.dto.js';

/** Takes in files whose form names its user. */
@Injectable()
export class AssistantFiles {
  constructor(
    private readonly uploads: UploadsService,
    private readonly callers: FormCallers,
  ) {}

  /** @param login undefined only in a closed network, where the form is believed */
  async upload(login: AuthUser | undefined, request: FastifyRequest): Promise<AssistantFilesDto> {
    const ownerOf = async (named: unknown) => (await this.callers.find(login, CALLER, named)).id;
    const form = { fields: AssistantUploadDto, field: CALLER.user, loginId: login?.id, ownerOf };
    return AssistantFilesDto.from(await this.uploads.acceptNamed(form, request));
  }
}
