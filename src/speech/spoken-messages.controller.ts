import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { goneSignal } from '../common/event-stream.js';
import { IdPipe } from '../common/id.pipe.js';
import { ApiFileContent, sendFile } from '../files/file-response.js';
import { FilesService } from '../files/files.service.js';
import { SpeechQueryDto } from './dto/speech-query.dto.js';
import { PlacePipe } from './place.pipe.js';
import { SpokenMessagesService } from './spoken-messages.service.js';

@ApiTags('messages')
@ApiBearerAuth('access-token')
@Controller('messages/:id/speech')
export class SpokenMessagesController {
  constructor(
    private readonly spoken: SpokenMessagesService,
    private readonly files: FilesService,
  ) {}

  /** Hear a message; it is spoken once for each voice and format, and replayed from then on */
  @Get()
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiFileContent()
  async whole(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Query() query: SpeechQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await this.spoken.whole(user.id, id, query, goneSignal(reply));
    await sendFile(request, reply, file, this.files);
  }

  /** Hear one sentence of a message, counted from 0; of an answer that is being written, those that are complete */
  @Get('sentences/:index')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiParam({ name: 'index', schema: { type: 'integer', minimum: 0 } })
  @ApiFileContent()
  async sentence(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Param('index', PlacePipe) index: number,
    @Query() query: SpeechQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await this.spoken.sentence(user.id, id, index, query, goneSignal(reply));
    await sendFile(request, reply, file, this.files);
  }
}
