import { Injectable } from '@nestjs/common';
import { Mutex } from 'async-mutex';
import type { Piece } from '../../libs/audio/pieces.js';
import type { NewStreamEvent } from '../../libs/streams/event-streams.js';
import type { WhisperResult } from '../../libs/whisper/whisper-engine.js';
import { type EnginesResult, PieceTranscriber } from './piece-transcriber.js';
import type { DecodedRecording } from './recordings.js';
import { type HeardPiece, joinPieces, segmentsOf, type SpokenSegment } from './transcript.js';
import { createdEvent, progressEvent, segmentEvent, TranscriptionEvents } from './transcription.events.js';
import type { Transcription } from './transcription.entity.js';
import type { TranscriptionPiece } from './transcription-piece.entity.js';
import { TranscriptionStore } from './transcription.store.js';

/** What a job goes on from. */
export interface WorkBegun {
  recording: DecodedRecording;
  /** The pieces of an earlier attempt, with what is done of them. */
  planned: TranscriptionPiece[];
  /** How many segments listeners have had; null where they have had nothing. */
  told: number | null;
}

/** The pieces of one transcription on their way. */
interface Work {
  row: Transcription;
  pieces: Piece[];
  heard: (WhisperResult | undefined)[];
  /** What was said in the pieces that are done from the beginning on, and how many of them that are. */
  said: SpokenSegment[];
  until: number;
  /** How many segments listeners have had. */
  told: number;
  engine: string | null;
  /** One at a time writes down what is done. */
  writing: Mutex;
}

/** Has the pieces of a recording transcribed side by side, keeps each as soon as it is there, and puts them together. */
@Injectable()
export class PieceWork {
  constructor(
    private readonly transcriber: PieceTranscriber,
    private readonly store: TranscriptionStore,
    private readonly events: TranscriptionEvents,
  ) {}

  /**
   * Gives the row as it is when everything is done and told.
   * @throws TranscriptionError, ClaimLostError, the signal's reason
   */
  async finish(
    row: Transcription,
    { recording, planned, told }: WorkBegun,
    signal: AbortSignal,
  ): Promise<Transcription> {
    if (told === null) await this.events.append(row, [createdEvent(row)]);
    const pieces = planned.length > 0 ? planned : recording.plan.pieces;
    const heard = pieces.map((piece) => resultOf(piece));
    const work: Work = {
      ...{ row, pieces, heard, said: [], until: 0, told: told ?? 0 },
      ...{ engine: row.engine, writing: new Mutex() },
    };
    await this.all(work, recording, signal);
    const transcript = joinPieces(
      pieces.map((_, idx) => heardPiece(work, idx)!),
      row.wantsWords,
    );
    const untold = this.untold(work);
    const done = await this.store.finish(row, transcript, work.engine);
    await this.events.end(done, untold);
    return done;
  }

  /** When one fails, the others are ended before this returns. */
  private async all(work: Work, recording: DecodedRecording, signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const missing = work.pieces.flatMap((piece, idx) => (work.heard[idx] ? [] : [{ piece, idx }]));
    const all = missing.map(async ({ piece, idx }) => {
      const result = await this.transcriber.transcribe(work.row, () => recording.read(piece), either);
      await work.writing.runExclusive(() => this.take(work, idx, result));
    });
    try {
      await Promise.all(all);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(all);
      signal.throwIfAborted();
      throw error;
    }
  }

  /** The last one is written down with the whole. */
  private async take(work: Work, idx: number, { result, engine }: EnginesResult): Promise<void> {
    work.heard[idx] = result;
    work.engine = engine;
    if (work.heard.every((heard) => heard !== undefined)) return;
    const progress = progressOf(work);
    await this.store.keep(work.row, idx, result, progress, engine);
    await this.events.append(work.row, [...this.untold(work), progressEvent(progress)]);
  }

  /** Events of the segments that listeners have not had: in the order of the recording, up to what is not done. */
  private untold(work: Work): NewStreamEvent[] {
    for (let piece = heardPiece(work, work.until); piece; piece = heardPiece(work, work.until)) {
      work.said.push(...segmentsOf(piece, work.row.wantsWords));
      work.until += 1;
    }
    const from = work.told;
    work.told = Math.max(from, work.said.length);
    return work.said.slice(from).map((segment, index) => segmentEvent(segment, from + index));
  }
}

/** A piece with what was heard in it; undefined where it is not done, or there is none. */
function heardPiece({ pieces, heard }: Work, idx: number): HeardPiece | undefined {
  const [piece, result] = [pieces[idx], heard[idx]];
  return piece && result && { startMs: piece.startMs, endMs: piece.endMs, result };
}

/** Which part of what can be heard is done, with three decimals. */
function progressOf({ pieces, heard }: Work): number {
  const total = pieces.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const done = pieces.reduce((sum, { startMs, endMs }, idx) => sum + (heard[idx] ? endMs - startMs : 0), 0);
  return Math.round((done / total) * 1_000) / 1_000;
}

function resultOf(piece: Piece | TranscriptionPiece): WhisperResult | undefined {
  const kept = 'result' in piece ? piece.result : null;
  return kept === null ? undefined : (JSON.parse(kept) as WhisperResult);
}
