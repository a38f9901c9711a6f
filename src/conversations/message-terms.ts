import { termsOf } from '../../libs/text-terms/terms.js';

/** Different terms of a message; an answer has a few hundred, a pasted book more. */
const TERMS_PER_MESSAGE = 20_000;

/** The terms by which a message is found. */
export function messageTerms(content: string): Set<string> {
  const terms = new Set<string>();
  for (const { text } of termsOf(content)) {
    terms.add(text);
    if (terms.size >= TERMS_PER_MESSAGE) break;
  }
  return terms;
}
