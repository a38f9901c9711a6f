import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AudioError } from '../../libs/audio/decode.js';
import { AppError } from '../common/errors.js';
import { StorageUnavailableError } from '../files/file-storage.js';
import { FilesService } from '../files/files.service.js';
import { type DecodedRecording, Recordings } from './recordings.js';
import { TranscriptionError } from './piece-transcriber.js';
import { PieceWork } from './piece-work.js';
import { TranscriptionEvents } from './transcription.events.js';
import type { Transcription, TranscriptionErrorCode } from './transcription.entity.js';
import { TranscriptionJobs } from './transcription.jobs.js';
import { ClaimLostError, TranscriptionLease } from './transcription.lease.js';
import { type Attempt, TranscriptionStore } from './transcription.store.js';

const STORAGE_WAIT_MS = 2_000;
const STORAGE_TRIES = 30;

/** Does the job of one attempt at a transcription, from the recording to its last event. */
@Injectable()
export class TranscriptionRunner {
  private readonly logger = new Logger('TranscriptionRunner');

  constructor(
    private readonly store: TranscriptionStore,
    private readonly lease: TranscriptionLease,
    private readonly events: TranscriptionEvents,
    private readonly recordings: Recordings,
    private readonly files: FilesService,
    private readonly pieces: PieceWork,
  ) {}

  /** Names itself as who does the jobs. */
  take(jobs: TranscriptionJobs): void {
    jobs.handle(({ data }, signal) => this.run(data, signal));
  }

  /** @throws what the job was ended with, and what nobody has foreseen: another attempt follows */
  async run(attempt: Attempt, ending: AbortSignal): Promise<void> {
    const row = await this.store.claim(attempt);
    if (!row) return;
    const lost = this.lease.hold(row);
    try {
      const ended = await this.transcribe(row, AbortSignal.any([ending, lost]));
      await this.store.settle(ended);
    } catch (error) {
      if (lost.aborted || error instanceof ClaimLostError) await this.events.forgetWhereGone(row);
      else await this.giveUp(row, error, ending);
    } finally {
      this.lease.letGo(row);
    }
  }

  /** Gives the row as it is when its last event was written. */
  private async transcribe(row: Transcription, signal: AbortSignal): Promise<Transcription> {
    const told = this.events.toldSegments(row);
    // It is asked for when the first piece is there; what goes wrong until then is more important.
    told.catch(() => undefined);
    const planned = row.durationMs === null ? [] : await this.store.pieces(row);
    const recording = await this.decode(row, signal);
    try {
      if (row.durationMs === null && !(await this.store.plan(row, recording.plan)))
        throw new TranscriptionError('quota_exceeded');
      const { durationMs } = recording.plan;
      const known = Object.assign(row, { durationMs });
      return await this.pieces.finish(known, { recording, planned, told: await told }, signal);
    } finally {
      await recording.close();
    }
  }

  /** A file storage that is away is waited for, for a minute. @throws TranscriptionError where it cannot be heard */
  private async decode(row: Transcription, signal: AbortSignal): Promise<DecodedRecording> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.decodeNow(row, signal);
      } catch (error) {
        if (!(error instanceof StorageUnavailableError) || tries === STORAGE_TRIES) throw error;
        await sleep(STORAGE_WAIT_MS, undefined, { signal });
      }
    }
  }

  private async decodeNow(row: Transcription, signal: AbortSignal): Promise<DecodedRecording> {
    try {
      const file = await this.files.findOwned(row.ownerId, row.fileId ?? 0);
      return await this.recordings.decode(file, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = refusalOf(error);
      if (error instanceof AudioError && error.code === 'decoder_missing')
        this.logger.error('ffmpeg is not there: install it, or name its place in FFMPEG_BIN');
      throw code ? new TranscriptionError(code, { cause: error }) : error;
    }
  }

  private async giveUp(row: Transcription, error: unknown, ending: AbortSignal): Promise<void> {
    if (error instanceof TranscriptionError) {
      this.logger.warn(`transcription ${row.id} has failed: ${error.code}`);
      return this.fail(row, error.code).catch(unlessLost);
    }
    // The process ends: another one goes on at once. Otherwise the lease runs out.
    if (ending.aborted) await this.store.release(row).catch(unlessLost);
    throw error;
  }

  private async fail(row: Transcription, code: TranscriptionErrorCode): Promise<void> {
    const failed = await this.store.fail(row, code);
    await this.events.end(failed);
    await this.store.settle(failed);
  }
}

/** What a recording that cannot be decoded is refused with; undefined where trying again may help. */
function refusalOf(error: unknown): TranscriptionErrorCode | undefined {
  if (error instanceof AudioError) return error.code === 'decoder_missing' ? 'speech_failed' : error.code;
  // Deleted meanwhile, or lost.
  return error instanceof AppError ? 'audio_unreadable' : undefined;
}

function unlessLost(error: unknown): void {
  if (!(error instanceof ClaimLostError)) throw error;
}
