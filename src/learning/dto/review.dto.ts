import { REVIEW_ERRORS, turnErrorText } from '../../common/stored-errors.js';
import { currentLanguage } from '../../common/request-context.js';
import type { Review, ReviewKind, ReviewStatus } from '../review.entity.js';
import { ExpressionDto } from './expression.dto.js';
import { GlossDto } from './gloss.dto.js';
import { PronunciationDto } from './pronunciation.dto.js';

/** Why there is no review. */
export class ReviewErrorDto {
  /**
   * Stable code: one of a failed answer's, `quota_exceeded`, or `review_expired`.
   * @example 'llm_unavailable'
   */
  code!: string;

  /** @example 'The language model is out of service just now.' */
  message!: string;
}

/** What a learner is told of a message or a recording; of the three contents there is the one of its kind, once it is done. */
export class ReviewDto {
  /** @example 12 */
  id!: number;

  /**
   * The message that it is about; null where it is about a transcription alone.
   * @example 41
   */
  messageId!: number | null;

  /** The transcription that it is about; null where it is about a message. */
  transcriptionId!: number | null;

  kind!: ReviewKind;

  /**
   * Tag of the language that it is written in: the learner's.
   * @example 'zh'
   */
  language!: string;

  /**
   * `pending` is on its way; `failed` says why in `error`, and is begun again when it is asked for again.
   * @example 'done'
   */
  status!: ReviewStatus;

  /** How somebody put it. */
  expression!: ExpressionDto | null;

  /** What an answer means. */
  gloss!: GlossDto | null;

  /** How somebody said it: an estimate. */
  pronunciation!: PronunciationDto | null;

  /** Why it failed; null otherwise. */
  error!: ReviewErrorDto | null;

  /**
   * Which language model provider wrote it; null where none was asked.
   * @example 'openai'
   */
  provider!: string | null;

  /** @example 'gpt-4o-mini' */
  model!: string | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** @example '2026-11-21T08:30:02.000Z' */
  finishedAt!: Date | null;

  static from(review: Review): ReviewDto {
    const { id, messageId, transcriptionId, kind, language, status } = review;
    const { provider, model, createdAt, finishedAt } = review;
    const contentOf = <T>(wanted: ReviewKind): T | null =>
      review.content !== null && kind === wanted ? (JSON.parse(review.content) as T) : null;
    return {
      ...{ id, messageId, transcriptionId, kind, language, status },
      expression: contentOf<ExpressionDto>('expression'),
      gloss: contentOf<GlossDto>('gloss'),
      pronunciation: contentOf<PronunciationDto>('pronunciation'),
      ...{ error: errorOf(review), provider, model, createdAt, finishedAt },
    };
  }
}

function errorOf({ errorCode: code }: Review): ReviewErrorDto | null {
  if (code === null) return null;
  const language = currentLanguage();
  return { code, message: REVIEW_ERRORS[code]?.[language] ?? turnErrorText(code, language) };
}

/** All reviews of something. */
export class ReviewListDto {
  items!: ReviewDto[];

  static from(reviews: Review[]): ReviewListDto {
    return { items: reviews.map((review) => ReviewDto.from(review)) };
  }
}
