import { endOfSentence } from './sentence-end.js';
import { SpeakableText } from './speakable-text.js';

const SOMETHING_TO_SAY = /[\p{L}\p{N}]/u;
/** A number may well go on. */
const BEHIND_NUMBER = /\p{N}\.$/u;
const CHINESE = /[\p{Script=Han}，。！？；：、）】」』”’]$/u;

/**
 * The sentences of a text that is still being written, each as soon as its end is certain: with the next character
 * behind it, or with its line. Markdown is not read out (see `SpeakableText`). Which sentences there are, and their
 * order, does not depend on the pieces in which the text came.
 */
export class SentenceSplitter {
  private readonly speakable = new SpeakableText();
  private pending = '';

  /** The sentences that this piece completes. */
  push(delta: string): string[] {
    return this.cut(this.speakable.push(delta), false);
  }

  /**
   * What is likely to be the next sentence: its full stop is there, and nothing behind it yet that says whether it ends
   * there. Undefined where nothing is.
   */
  likely(): string | undefined {
    const text = this.pending.trimEnd();
    const isStop = (endOfSentence(`${text} X`, false) ?? 0) >= text.length;
    return isStop && !BEHIND_NUMBER.test(text) && SOMETHING_TO_SAY.test(text) ? text.trim() : undefined;
  }

  /** The last sentences, now that nothing follows. */
  end(): string[] {
    return this.cut(this.speakable.end(), true);
  }

  private cut(spoken: string, isEnd: boolean): string[] {
    this.pending = joinSpaces(this.pending, spoken);
    const sentences: string[] = [];
    while (this.pending !== '') {
      const end = endOfSentence(this.pending, isEnd) ?? (isEnd ? this.pending.length : undefined);
      if (end === undefined) break;
      const sentence = this.pending.slice(0, end).trim();
      this.pending = this.pending.slice(end).replace(/^[^\S\n]+/, '');
      if (SOMETHING_TO_SAY.test(sentence)) sentences.push(sentence);
    }
    return sentences;
  }
}

/** The sentences of a whole text. */
export function sentencesOf(text: string): string[] {
  const splitter = new SentenceSplitter();
  return [...splitter.push(text), ...splitter.end()];
}

/** The sentences of what there is of a text, without the one that may still go on. */
export function completeSentencesOf(text: string): string[] {
  return new SentenceSplitter().push(text);
}

/** Sentences that follow each other, in as few texts as fit: each of at most so many code points. */
export function partsOf(sentences: readonly string[], maxCharacters: number): string[] {
  const parts: string[] = [];
  let length = 0;
  for (const sentence of sentences) {
    const size = [...sentence].length + 2;
    if (parts.length > 0 && length + size <= maxCharacters) {
      parts.push(joined(parts.pop()!, sentence));
      length += size;
    } else {
      parts.push(sentence);
      length = size;
    }
  }
  return parts;
}

/** A heading or an item of a list has no stop of its own; without one it would run into the next sentence. */
function joined(text: string, sentence: string): string {
  if (/[\p{L}\p{N}]$/u.test(text)) return `${text}${CHINESE.test(text) ? '。' : '. '}${sentence}`;
  return `${text}${CHINESE.test(text) ? '' : ' '}${sentence}`;
}

/** White space is one character, at its end or beginning too; a line's end stays one. */
function joinSpaces(pending: string, spoken: string): string {
  const isFresh = pending === '' || /\s$/.test(pending);
  const text = spoken.replace(/[^\S\n]+/g, ' ');
  return pending + (isFresh ? text.replace(/^ /, '') : text);
}
