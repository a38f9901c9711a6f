import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';
import type { MessageDto } from '../conversations/dto/message.dto.js';
import { FilesService } from '../files/files.service.js';
import { recordingFailure } from './recording-failure.js';
import { SoundIntake } from './sound-intake.js';
import { TranscriptionsService } from './transcriptions.service.js';
import type { VoiceTurn } from './voice-turn.entity.js';
import { BEGINNING } from './voice-turn.position.js';
import { VoiceTurnReader } from './voice-turn.reader.js';
import { VoiceTurnsService } from './voice-turns.service.js';

/** How long what else is going on in the conversation is waited for. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;

/** What users say aloud, as messages that wait for their answers. */
@Injectable()
export class HeardMessagesService {
  constructor(
    private readonly voiceTurns: VoiceTurnsService,
    private readonly reader: VoiceTurnReader,
    private readonly intake: SoundIntake,
    private readonly files: FilesService,
    private readonly transcriptions: TranscriptionsService,
  ) {}

  /**
   * Takes in what was said, and waits until it is a message of the conversation: with its recording, at the end of the
   * active branch, without an answer. That goes on whoever waits, and in another process where this one dies. The same
   * recording again while it is being heard is the same message. A recording in which nothing can be understood is not
   * kept.
   * @param sound in any usual container
   * @throws AppError not_found, unsupported_audio, recording_unusable (with its `reason`), file_too_large, file_empty,
   *   speech_not_set_up, speech_unavailable, events_unavailable, quota_exceeded, too_many_transcriptions; turn_running
   *   where what else is going on takes longer than a minute; StorageUnavailableError
   */
  async hear(ownerId: number, conversationId: number, sound: Uint8Array): Promise<MessageDto> {
    const row = await this.begun(ownerId, conversationId, sound);
    const events = this.reader.read(row, BEGINNING, new AbortController().signal);
    for await (const batch of events) void batch;
    const { status, userMessage, transcription, errorCode } = await this.voiceTurns.find(ownerId, row.id);
    if (status === 'done' && userMessage) return userMessage;
    const failure = recordingFailure(errorCode);
    if (failure.code === 'recording_unusable' && transcription) await this.forget(ownerId, transcription.id);
    throw failure;
  }

  /** With its recording. Of several who have waited for the same one is the first. */
  private async forget(ownerId: number, transcriptionId: number): Promise<void> {
    try {
      await this.transcriptions.delete(ownerId, transcriptionId);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
    }
  }

  private async begun(ownerId: number, conversationId: number, sound: Uint8Array): Promise<VoiceTurn> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(RETRY_MS)) {
      try {
        return await this.begin(ownerId, conversationId, sound);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'turn_running') throw error;
        const same = await this.same(ownerId, error.extensions['runningVoiceTurnId'], sound);
        if (same) return same;
        if (Date.now() > deadline) throw error;
      }
    }
  }

  private async begin(ownerId: number, conversationId: number, sound: Uint8Array): Promise<VoiceTurn> {
    await this.voiceTurns.admit(ownerId, conversationId, undefined);
    const file = await this.intake.receive(sound);
    try {
      const terms = { answer: false };
      return (await this.voiceTurns.create(ownerId, conversationId, terms, file, undefined)).voiceTurn;
    } finally {
      // One that was kept stays.
      await this.files.drop(file.blob);
    }
  }

  /** The voice turn that is on its way, where it is about this very sound and is not answered either. */
  private async same(ownerId: number, id: unknown, sound: Uint8Array): Promise<VoiceTurn | undefined> {
    if (typeof id !== 'number') return undefined;
    try {
      const { answer, transcription } = await this.voiceTurns.find(ownerId, id);
      if (answer || !transcription?.fileId) return undefined;
      const { sha256 } = await this.files.findOwned(ownerId, transcription.fileId);
      const isSame = sha256 === createHash('sha256').update(sound).digest('hex');
      return isSame ? await this.voiceTurns.findOwned(ownerId, id) : undefined;
    } catch (error) {
      // Deleted in between: nothing is in the way any more.
      if (error instanceof AppError && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}
