import type { PointKind } from '../expression.js';

/** One thing that could be said better. */
export class ExpressionPointDto {
  /** @example 'grammar' */
  kind!: PointKind;

  /**
   * The words, as they stand in the message; null where it concerns the whole.
   * @example 'I go'
   */
  quote!: string | null;

  /** @example '时态错误' */
  problem!: string | null;

  /** @example 'I went' */
  suggestion!: string | null;

  /** @example '昨天发生的事用一般过去时。' */
  explanation!: string | null;
}

/** What there is to say of grammar, idiom and wording. */
export class ExpressionDto {
  /** @example '意思清楚，注意时态。' */
  summary!: string;

  /**
   * The learner's own words without mistakes; null where there were none.
   * @example 'Yesterday I went to the shop.'
   */
  corrected!: string | null;

  /**
   * How a native speaker would put it; null where it cannot be put better.
   * @example 'I popped to the shop yesterday.'
   */
  better!: string | null;

  /** Empty where nothing is wrong. */
  points!: ExpressionPointDto[];

  /**
   * Only the beginning of a long text was looked at.
   * @example false
   */
  truncated!: boolean;
}
