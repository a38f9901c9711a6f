import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';
import { chosen, fingerprint, type Idempotency, keyed } from '../common/idempotency.js';
import { isUniqueViolation } from '../database/failures.js';
import type { UploadedFile } from '../files/upload.js';
import type { SendVoiceMessageDto } from './dto/voice-message.dto.js';
import { type VoiceMessageDto, VoiceTurnDto } from './dto/voice-turn.dto.js';
import { TranscriptionsService } from './transcriptions.service.js';
import { type AcceptedVoiceTurn, VoiceTurnAcceptance } from './voice-turn.acceptance.js';
import { isOver, type VoiceTurn } from './voice-turn.entity.js';
import { createdEvent, VoiceTurnEvents } from './voice-turn.events.js';
import { VoiceTurnStops } from './voice-turn.stops.js';
import { VoiceTurnStore } from './voice-turn.store.js';
import { VoiceTurnViews } from './voice-turn.views.js';

const STOP_PATIENCE_MS = 3_000;
const STOP_POLL_MS = 20;

/** What users do with voice turns. */
@Injectable()
export class VoiceTurnsService {
  constructor(
    private readonly acceptance: VoiceTurnAcceptance,
    private readonly transcriptions: TranscriptionsService,
    private readonly events: VoiceTurnEvents,
    private readonly store: VoiceTurnStore,
    private readonly stops: VoiceTurnStops,
    private readonly views: VoiceTurnViews,
  ) {}

  /**
   * Whether one more would be taken, before its recording is received.
   * @throws AppError not_found, speech_not_set_up, events_unavailable, turn_running, quota_exceeded,
   *   too_many_transcriptions
   */
  async admit(ownerId: number, conversationId: number, key: string | undefined): Promise<void> {
    if (await this.acceptance.admit(ownerId, conversationId, key))
      await this.transcriptions.admit(ownerId, undefined);
  }

  /**
   * Takes in what was said: it is transcribed, becomes a message of the conversation, is answered, and the answer is
   * spoken. With a key that was used before, finds that voice turn again. The blob of a recording that is not kept is
   * the caller's to drop.
   * @throws AppError not_found, invalid_input, unsupported_audio, turn_running, quota_exceeded,
   *   too_many_transcriptions, idempotency_key_reused
   */
  async create(
    ownerId: number,
    conversationId: number,
    dto: SendVoiceMessageDto,
    file: UploadedFile,
    key: string | undefined,
  ): Promise<AcceptedVoiceTurn> {
    const print = fingerprint('voice', conversationId, file.blob.sha256, ...chosen(dto));
    const idempotency = keyed(key, print);
    try {
      const replay = await this.acceptance.replay(ownerId, idempotency);
      if (replay) return replay;
      await this.acceptance.assertParent(ownerId, conversationId, dto.replyTo);
      return await this.make(ownerId, conversationId, dto, file, idempotency);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Somebody was faster: with the same key, or in the same conversation.
      const replay = await this.acceptance.replay(ownerId, idempotency);
      if (replay) return replay;
      await this.acceptance.assertFree(ownerId, conversationId);
      throw new AppError('turn_running', { retryAfter: 1 });
    }
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<VoiceMessageDto> {
    return this.views.of(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<VoiceTurn> {
    const row = await this.store.find(ownerId, id);
    if (!row) throw new AppError('not_found');
    return row;
  }

  /** Stops a voice turn and gives it as it then is. Stopping an ended one changes nothing. @throws AppError not_found */
  async stop(ownerId: number, id: number): Promise<VoiceTurnDto> {
    await this.stops.stop(await this.findOwned(ownerId, id));
    let row = await this.findOwned(ownerId, id);
    for (let waited = 0; !isOver(row.status) && waited < STOP_PATIENCE_MS; waited += STOP_POLL_MS) {
      await sleep(STOP_POLL_MS);
      row = await this.findOwned(ownerId, id);
    }
    return VoiceTurnDto.from(row);
  }

  private async make(
    ownerId: number,
    conversationId: number,
    { language, words = true, ...terms }: SendVoiceMessageDto,
    file: UploadedFile,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedVoiceTurn> {
    const dto = { conversationId, ...(language && { language }), words };
    let voiceTurn!: VoiceTurn;
    await this.transcriptions.create(ownerId, dto, file, undefined, async (manager, transcription) => {
      voiceTurn = await this.acceptance.insert(manager, transcription, terms, idempotency);
    });
    await this.events.append(voiceTurn, createdEvent(voiceTurn));
    return { voiceTurn, replayed: false };
  }
}
