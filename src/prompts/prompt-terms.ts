import { createHash } from 'node:crypto';
import { termsOf as wordsOf } from '../../libs/text-terms/terms.js';
import type { Prompt } from './prompt.entity.js';
import { tagKey } from './tag-key.js';

/** What of a prompt it is found by. */
export type Findable = Pick<Prompt, 'title' | 'text' | 'tags'>;

/**
 * Everything that a prompt is found by: its words, its tags and its content as a whole, which a sign tells apart. A
 * version of Parley that makes other terms of a text has to enter all prompts anew (`indexed`).
 */
export function termsOf(prompt: Findable): Set<string> {
  const words = wordsOf(wordsText(prompt)).map(({ text }) => text);
  return new Set([...words, ...prompt.tags.map(tagTerm), contentTerm(prompt)]);
}

/** The text whose words a prompt is found by. */
export function wordsText({ title, text }: Pick<Prompt, 'title' | 'text'>): string {
  return `${title}\n${text}`;
}

/** What a tag is found by. */
export function tagTerm(tag: string): string {
  return `#${tagKey(tag)}`;
}

/** What a prompt is found by that has the same title and text. */
export function contentTerm({ title, text }: Pick<Prompt, 'title' | 'text'>): string {
  const hash = createHash('sha256').update(JSON.stringify([title, text]));
  return `=${hash.digest('base64url').slice(0, 24)}`;
}
