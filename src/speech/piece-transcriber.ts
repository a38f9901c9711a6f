import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transcriber } from '../../libs/whisper/transcriber.js';
import { EngineError, type WhisperPiece, type WhisperResult } from '../../libs/whisper/whisper-engine.js';
import { ENV, type Env } from '../config/env.js';
import { PiecePlaces } from './piece-places.js';
import type { Transcription, TranscriptionErrorCode } from './transcription.entity.js';

/** How often a piece is tried that an engine fails at. */
const TRIES = 3;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** The transcription cannot be made, and its row will say so. */
export class TranscriptionError extends Error {
  constructor(
    readonly code: TranscriptionErrorCode,
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'TranscriptionError';
  }
}

/** A piece as an engine heard it. */
export interface EnginesResult {
  result: WhisperResult;
  engine: string;
}

/** Has pieces transcribed, and waits where no engine is there or all are busy: an outage costs time, not recordings. */
@Injectable()
export class PieceTranscriber {
  private readonly logger = new Logger('PieceTranscriber');
  /** Since when this process has found no engine. */
  private missingSince: number | undefined;

  constructor(
    private readonly transcriber: Transcriber,
    private readonly places: PiecePlaces,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * @param read the sound of the piece, which is in memory only while an engine has it
   * @throws TranscriptionError speech_failed, speech_unavailable; the signal's reason; what `read` throws
   */
  async transcribe(
    row: Transcription,
    read: () => Promise<Buffer>,
    signal: AbortSignal,
  ): Promise<EnginesResult> {
    let waitMs = FIRST_WAIT_MS;
    for (let failures = 0; ;) {
      try {
        return await this.once(row, read, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof EngineError)) throw error;
        if (error.code === 'engine_failed') failures += 1;
        if (error.code === 'engine_refused' || failures === TRIES)
          throw new TranscriptionError('speech_failed', { cause: error });
        if (error.code === 'engine_unavailable') this.assertPatience(row, error);
      }
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  private async once(
    row: Transcription,
    read: () => Promise<Buffer>,
    signal: AbortSignal,
  ): Promise<EnginesResult> {
    const giveBack = await this.places.take(row.id, signal);
    try {
      const piece: WhisperPiece = {
        ...{ pcm: await read(), task: row.task, words: row.wantsWords },
        ...(row.language !== null && { language: row.language }),
        ...(row.prompt !== null && { prompt: row.prompt }),
      };
      const { engine, ...result } = await this.transcriber.transcribe(piece, signal);
      if (this.missingSince !== undefined) this.logger.log('a Whisper engine is there again');
      this.missingSince = undefined;
      return { result, engine };
    } finally {
      giveBack();
    }
  }

  /** Each transcription waits for its own time, but not longer than engines have been missed. */
  private assertPatience({ createdAt }: Transcription, cause: EngineError): void {
    if (this.missingSince === undefined) this.logger.warn('no Whisper engine is there; recordings wait');
    this.missingSince ??= Date.now();
    const waited = Date.now() - Math.max(this.missingSince, createdAt.getTime());
    if (waited > this.env.SPEECH_PATIENCE_SECONDS * 1_000)
      throw new TranscriptionError('speech_unavailable', { cause });
  }
}
