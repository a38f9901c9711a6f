import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { goneSignal, streamEvents, wantsEvents } from '../common/event-stream.js';
import { writeRateLimitHeaders } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';
import { FilesService } from '../files/files.service.js';
import { readUpload } from '../files/upload.js';
import { SendVoiceMessageDto } from './dto/voice-message.dto.js';
import type { VoiceTurn } from './voice-turn.entity.js';
import { BEGINNING, type VoicePosition } from './voice-turn.position.js';
import { VoiceTurnReader } from './voice-turn.reader.js';
import { VoiceTurnsService } from './voice-turns.service.js';

/** Brings what was said in, and what comes of it out: as events while it happens, or whole when it has ended. */
@Injectable()
export class VoiceTurnDelivery {
  constructor(
    private readonly voiceTurns: VoiceTurnsService,
    private readonly reader: VoiceTurnReader,
    private readonly files: FilesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Takes a recording in, and answers in the form that was asked for. What would be refused without the recording is
   * refused before it is received. The voice turn does not depend on who listens.
   * @throws AppError as `VoiceTurnsService.admit` and `create`, and what `readUpload` throws
   */
  async accept(
    ownerId: number,
    conversationId: number,
    key: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    await this.voiceTurns.admit(ownerId, conversationId, key);
    const { fields, file } = await readUpload(request, this.files, {
      ...{ fields: SendVoiceMessageDto, maxBytes: this.env.SPEECH_MAX_BYTES },
    });
    const { voiceTurn, replayed } = await this.voiceTurns
      .create(ownerId, conversationId, fields, file, key)
      // One that was kept stays.
      .finally(() => this.files.drop(file.blob));
    if (replayed) reply.header('Idempotent-Replayed', 'true');
    const gone = goneSignal(reply);
    const events = this.reader.read(voiceTurn, BEGINNING, gone);
    if (wantsEvents(request)) return streamEvents(events, reply, gone);
    for await (const batch of events) void batch;
    if (!gone.aborted) await this.answer(voiceTurn, reply);
  }

  /** Answers with the events of a voice turn behind `after`. @throws AppError not_found */
  async replay(ownerId: number, id: number, after: VoicePosition, reply: FastifyReply): Promise<void> {
    const row = await this.voiceTurns.findOwned(ownerId, id);
    const gone = goneSignal(reply);
    await streamEvents(this.reader.read(row, after, gone), reply, gone);
  }

  private async answer({ id, ownerId }: VoiceTurn, reply: FastifyReply): Promise<void> {
    const body = await this.voiceTurns.find(ownerId, id);
    writeRateLimitHeaders(reply);
    await reply.status(201).send(body);
  }
}
