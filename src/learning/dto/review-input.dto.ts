import { IsBoolean, IsIn, IsString, Matches } from 'class-validator';
import { MaxLength, Optional } from '../../common/validation.js';
import { REVIEW_KINDS, type ReviewKind } from '../review.entity.js';

/** What an estimate of a recording is asked for. */
export class EstimateDto {
  /** The body may be left out. */
  static readonly isOptionalBody: boolean = true;

  /**
   * Tag of the learner's language (BCP 47, up to 20 characters), which the review is written in. Where it is absent, a
   * gloss is Chinese, and the others are in the language of `Accept-Language`, English or Chinese.
   * @example 'zh'
   */
  @Optional()
  @IsString()
  @MaxLength(20)
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, { context: { rule: 'isLanguageTag' } })
  language?: string;

  /**
   * Of a pronunciation: the sentence that was to be said, up to 1,000 characters. Where it is absent, what was heard
   * is looked at by itself.
   * @example 'The ship sailed across three oceans.'
   */
  @Optional()
  @IsString()
  @Matches(/[\p{L}\p{N}]/u, { context: { rule: 'isNotBlank' } })
  @MaxLength(1_000)
  target?: string;
}

/** What is to be reviewed of a message. */
export class AskReviewDto extends EstimateDto {
  static override readonly isOptionalBody = false;

  /**
   * `expression`: grammar, idiom and wording of what the caller said; `pronunciation`: an estimate of how he said it;
   * `gloss`: what an answer means.
   * @example 'gloss'
   */
  @IsIn(REVIEW_KINDS)
  kind!: ReviewKind;

  /**
   * Makes a review again that is there already.
   * @example true
   */
  @Optional()
  @IsBoolean()
  again?: boolean;
}
