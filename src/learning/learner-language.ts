import { currentLanguage } from '../common/request-context.js';
import type { ReviewKind } from './review.entity.js';

/** What a language is called in English, for a model; Chinese without a script is what the mainland writes. */
export function languageName(tag: string): string {
  if (/^zh(-cn)?$/i.test(tag)) return 'Simplified Chinese';
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    // Looks like a language tag but is none: the model may still know what is meant.
    return tag;
  }
}

/** The language that a review is written in: what was asked for, or the caller's; a gloss is Chinese otherwise. */
export function languageOf(kind: ReviewKind, { language }: { language?: string }): string {
  if (language !== undefined) return canonicalTag(language);
  return kind === 'gloss' ? 'zh' : currentLanguage();
}

/** One spelling for a tag however it was written: `zh-hans-cn` is `zh-Hans-CN`. */
function canonicalTag(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    return tag;
  }
}
