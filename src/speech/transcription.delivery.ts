import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { goneSignal, streamEvents } from '../common/event-stream.js';
import { writeRateLimitHeaders } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';
import { FilesService } from '../files/files.service.js';
import { readUpload } from '../files/upload.js';
import { TranscribeDto } from './dto/transcribe.dto.js';
import { TranscriptionDto } from './dto/transcription.dto.js';
import { SpeechSetup } from './speech-setup.js';
import { TranscriptionsService } from './transcriptions.service.js';

/** Brings recordings in, and the events of transcriptions out. */
@Injectable()
export class TranscriptionDelivery {
  constructor(
    private readonly transcriptions: TranscriptionsService,
    private readonly setup: SpeechSetup,
    private readonly files: FilesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Takes a recording in. What would be refused without it is refused before it is received.
   * @throws AppError as `TranscriptionsService.create`, speech_not_set_up, and what `readUpload` throws
   */
  async accept(
    ownerId: number,
    key: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    this.setup.assertSetUp();
    await this.transcriptions.admit(ownerId, key);
    const { fields, file } = await readUpload(request, this.files, {
      ...{ fields: TranscribeDto, maxBytes: this.env.SPEECH_MAX_BYTES, isFileOptional: true },
    });
    const { transcription, replayed } = await this.transcriptions.create(ownerId, fields, file, key);
    writeRateLimitHeaders(reply);
    if (replayed) reply.header('Idempotent-Replayed', 'true');
    reply.header('Location', `${request.url.split('?')[0]!.replace(/\/$/, '')}/${transcription.id}`);
    await reply.status(202).send(TranscriptionDto.from(transcription));
  }

  /** Answers with the events of a transcription above `after`. @throws AppError not_found */
  async replay(ownerId: number, id: number, after: number, reply: FastifyReply): Promise<void> {
    const row = await this.transcriptions.findOwned(ownerId, id);
    const gone = goneSignal(reply);
    await streamEvents(this.transcriptions.follow(row, after, gone), reply, gone);
  }
}
