import type { Topic } from '../topics/topic.entity.js';

/** An engine looks at about this much, and at the end of what is longer. */
const MAX_CHARACTERS = 600;
const MAX_INSTRUCTIONS = 300;

type Vocabulary = Pick<Topic, 'theme' | 'themeIsLabel' | 'instructions'>;

/** What an engine is told to expect: the words of a topic, then those that were asked for; null where there are none. */
export function speechPrompt(topic: Vocabulary | null, prompt: string | undefined): string | null {
  const asked = onOneLine(prompt ?? '');
  const room = Math.max(0, MAX_CHARACTERS - [...asked].length - 1);
  const vocabulary = topic ? vocabularyOf(topic, room) : '';
  return [vocabulary, asked].filter((part) => part !== '').join(' ') || null;
}

function vocabularyOf({ theme, themeIsLabel, instructions }: Vocabulary, room: number): string {
  const words = [themeIsLabel ? '' : onOneLine(theme), cut(onOneLine(instructions ?? ''), MAX_INSTRUCTIONS)];
  return cut(words.filter((part) => part !== '').join('. '), room);
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}

/** Whole words of a text, at most so many characters. */
function cut(text: string, characters: number): string {
  const all = [...text];
  if (all.length <= characters) return text;
  const part = all.slice(0, characters).join('');
  const lastSpace = part.lastIndexOf(' ');
  return lastSpace > 0 ? part.slice(0, lastSpace) : part;
}
