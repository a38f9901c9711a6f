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

/** One spelling for a tag however it was written: `zh-hans-cn` is `zh-Hans-CN`. */
export function canonicalTag(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    return tag;
  }
}
