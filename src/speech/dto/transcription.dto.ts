import { IsIn } from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { Optional } from '../../common/validation.js';
import {
  TRANSCRIPTION_STATUSES,
  type Transcription,
  type TranscriptionErrorCode,
  type TranscriptionStatus,
  type TranscriptionTask,
} from '../transcription.entity.js';
import type { SpokenSegment } from '../transcript.js';

/** A word; in Chinese a character or a few. Times are seconds from the beginning of the recording. */
export class SpokenWordDto {
  /** @example 'table' */
  text!: string;

  /** @example 1.24 */
  start!: number;

  /** @example 1.6 */
  end!: number;

  /**
   * How sure the engine is of it, 0 to 1; null where it does not say.
   * @example 0.93
   */
  probability!: number | null;
}

/** A stretch of speech. Times are seconds from the beginning of the recording. */
export class SpokenSegmentDto {
  /** @example 0 */
  start!: number;

  /** @example 2.4 */
  end!: number;

  /** @example 'Could I have a table for two, please?' */
  text!: string;

  /**
   * How sure the engine is on average, 0 to 1; null where it does not say.
   * @example 0.91
   */
  probability!: number | null;

  /**
   * How likely it is that nobody speaks here, 0 to 1; null where the engine does not say.
   * @example 0.01
   */
  noSpeech!: number | null;

  /** Where they were asked for. */
  words?: SpokenWordDto[];
}

/** What was said in a recording, or the way there, without its segments. */
export class TranscriptionSummaryDto {
  /** @example 12 */
  id!: number;

  /** `queued` and `running` are on their way; the others are final. */
  status!: TranscriptionStatus;

  /**
   * Which part is done, 0 to 1.
   * @example 1
   */
  progress!: number;

  /**
   * Null until it is done; empty where nobody speaks.
   * @example 'Could I have a table for two, please?'
   */
  text!: string | null;

  /**
   * ISO 639-1 code of what is spoken: the one that was found, until then the one that was given, if any.
   * @example 'en'
   */
  language!: string | null;

  task!: TranscriptionTask;

  /**
   * Of the recording, in seconds; null until it was decoded.
   * @example 2.4
   */
  duration!: number | null;

  /**
   * What has listened.
   * @example 'whisper.cpp ggml-large-v3-turbo-q5_0'
   */
  engine!: string | null;

  /**
   * The recording; null where it was deleted.
   * @example 31
   */
  fileId!: number | null;

  /** @example 7 */
  conversationId!: number | null;

  /** Why it failed. */
  errorCode!: TranscriptionErrorCode | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** @example '2026-11-21T08:30:02.000Z' */
  finishedAt!: Date | null;

  static from(row: Omit<Transcription, 'segments'>): TranscriptionSummaryDto {
    const { id, status, text, task, engine, fileId, conversationId, errorCode } = row;
    return {
      ...{ id, status, progress: status === 'done' ? 1 : row.progress, text },
      ...{ language: row.detectedLanguage ?? row.language, task },
      duration: row.durationMs === null ? null : row.durationMs / 1_000,
      ...{ engine, fileId, conversationId, errorCode },
      ...{ createdAt: row.createdAt, finishedAt: row.finishedAt },
    };
  }
}

/** What was said in a recording, or the way there. */
export class TranscriptionDto extends TranscriptionSummaryDto {
  /** In their order; empty until it is done. */
  segments!: SpokenSegmentDto[];

  static override from(row: Transcription): TranscriptionDto {
    const segments = row.segments === null ? [] : (JSON.parse(row.segments) as SpokenSegment[]);
    return { ...super.from(row), segments };
  }
}

/** A page of transcriptions, newest first. Their segments are with each one by itself: they may be long. */
export class TranscriptionPageDto {
  items!: TranscriptionSummaryDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example null
   */
  nextCursor!: string | null;
}

export class TranscriptionQueryDto extends PageQueryDto {
  /** Only those of this status. */
  @Optional()
  @IsIn(TRANSCRIPTION_STATUSES)
  status?: TranscriptionStatus;
}

/** A transcription as an admin sees it: nothing of what was said. */
export class AdminTranscriptionDto {
  /** @example 12 */
  id!: number;

  /** @example 3 */
  ownerId!: number;

  status!: TranscriptionStatus;

  /** @example 0.4 */
  progress!: number;

  /**
   * How many jobs have had it.
   * @example 1
   */
  attempts!: number;

  /**
   * Of the recording, in seconds; null until it was decoded.
   * @example 2.4
   */
  duration!: number | null;

  engine!: string | null;

  errorCode!: TranscriptionErrorCode | null;

  createdAt!: Date;

  finishedAt!: Date | null;

  static from(row: Transcription): AdminTranscriptionDto {
    const { id, ownerId, status, progress, engine, errorCode, createdAt, finishedAt } = row;
    return {
      ...{ id, ownerId, status, progress, attempts: row.attempt },
      duration: row.durationMs === null ? null : row.durationMs / 1_000,
      ...{ engine, errorCode, createdAt, finishedAt },
    };
  }
}

/** A page of transcriptions, newest first. */
export class AdminTranscriptionPageDto {
  items!: AdminTranscriptionDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example null
   */
  nextCursor!: string | null;
}
