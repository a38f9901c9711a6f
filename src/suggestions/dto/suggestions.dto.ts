import type { SuggestionFailure } from '../suggestion.entity.js';

/** Why there are no suggestions. */
export type NoSuggestions =
  SuggestionFailure | 'not_ready' | 'empty' | 'no_language_model' | 'quota_exceeded';

/** What the user may ask next. */
export class SuggestionsDto {
  /**
   * Up to three questions, each on one line of at most 200 characters.
   * @example ['Which tea goes with it?']
   */
  items!: string[];

  /**
   * Why there are none; null where there are some. `not_ready`: it is no answer, or one that has not ended. `empty`: it
   * has no text. `no_language_model`: nobody would answer in this conversation, or only the one that repeats.
   * `quota_exceeded`: the day's tokens are used up. `timeout`, `model_failed`: asked for again a little later, they are
   * tried again.
   */
  reason!: NoSuggestions | null;

  static none(reason: NoSuggestions): SuggestionsDto {
    return { items: [], reason };
  }

  static of(items: string[]): SuggestionsDto {
    return { items, reason: null };
  }
}
