import { SpokenSegmentDto, TranscriptionDto } from './transcription.dto.js';

export class TranscriptionStateDto {
  transcription!: TranscriptionDto;
}

export class TranscriptionProgressDto {
  /**
   * Which part is done, 0 to 1.
   * @example 0.4
   */
  progress!: number;
}

export class TranscriptionSegmentDto {
  /**
   * Place among the segments, from 0.
   * @example 0
   */
  index!: number;

  segment!: SpokenSegmentDto;
}

/** First event: the transcription is stored. */
export class TranscriptionCreatedEventDto {
  /** @example 1 */
  id!: number;
  event!: 'transcription.created';
  data!: TranscriptionStateDto;
}

/** Any number of them. */
export class TranscriptionProgressEventDto {
  /** @example 3 */
  id!: number;
  event!: 'transcription.progress';
  data!: TranscriptionProgressDto;
}

/** Any number of them: what was said, in its order, as soon as it is known. */
export class TranscriptionSegmentEventDto {
  /** @example 2 */
  id!: number;
  event!: 'transcription.segment';
  data!: TranscriptionSegmentDto;
}

/** Last event: everything is written down. */
export class TranscriptionDoneEventDto {
  /** @example 4 */
  id!: number;
  event!: 'transcription.done';
  data!: TranscriptionStateDto;
}

/** Last event: it failed; `transcription.errorCode` says why. */
export class TranscriptionFailedEventDto {
  /** @example 2 */
  id!: number;
  event!: 'transcription.failed';
  data!: TranscriptionStateDto;
}

/** Last event: somebody has cancelled it. */
export class TranscriptionCancelledEventDto {
  /** @example 2 */
  id!: number;
  event!: 'transcription.cancelled';
  data!: TranscriptionStateDto;
}

export const TRANSCRIPTION_EVENTS = [
  TranscriptionCreatedEventDto,
  TranscriptionProgressEventDto,
  TranscriptionSegmentEventDto,
  TranscriptionDoneEventDto,
  TranscriptionFailedEventDto,
  TranscriptionCancelledEventDto,
];
