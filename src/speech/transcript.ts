import type { WhisperResult, WhisperSegment, WhisperWord } from '../../libs/whisper/whisper-engine.js';

/** A word of a recording; in Chinese a character or a few. Times in seconds from its beginning. */
export type SpokenWord = WhisperWord;

/** A stretch of speech in a recording. Times in seconds from its beginning. */
export interface SpokenSegment extends Omit<WhisperSegment, 'words'> {
  /** Where they were asked for. */
  words?: SpokenWord[];
}

/** What an engine heard in a piece that begins so many milliseconds after the recording. */
export interface HeardPiece {
  startMs: number;
  endMs: number;
  result: WhisperResult;
}

/** What was said in a recording. */
export interface Transcript {
  text: string;
  /** ISO 639-1; null where the engine does not say, or nothing was said. */
  language: string | null;
  segments: SpokenSegment[];
}

/** Puts the pieces of a recording, in their order, together. */
export function joinPieces(pieces: HeardPiece[], wantsWords: boolean): Transcript {
  const segments = pieces.flatMap((piece) => segmentsOf(piece, wantsWords));
  const text = segments.reduce((said, segment) => joinTexts(said, segment.text), '');
  return { text, language: mostSpoken(pieces), segments };
}

/** The segments of a piece, with their times in the recording. */
export function segmentsOf({ startMs, endMs, result }: HeardPiece, wantsWords: boolean): SpokenSegment[] {
  // Engines look at thirty seconds, and sometimes put an end behind that of a shorter piece.
  const at = (seconds: number) => Math.min(Math.round(seconds * 1_000) + startMs, endMs) / 1_000;
  const timed = <T extends { start: number; end: number }>(spoken: T): T => ({
    ...spoken,
    start: at(spoken.start),
    end: at(spoken.end),
  });
  return result.segments
    .filter(({ text }) => text.trim() !== '')
    .map(({ words, ...segment }) => ({
      ...timed({ ...segment, text: segment.text.trim() }),
      ...(wantsWords && { words: words.map((word) => timed(word)) }),
    }));
}

/** Scripts that put no spaces between words, and their punctuation. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff00-\uffef]`;
const ENDS_UNSPACED = new RegExp(`${UNSPACED}$`, 'u');
const BEGINS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');

function joinTexts(before: string, after: string): string {
  if (before === '' || after === '') return before + after;
  const isUnspaced = ENDS_UNSPACED.test(before) && BEGINS_UNSPACED.test(after);
  return `${before}${isUnspaced ? '' : ' '}${after}`;
}

/** The language of most of the time in which somebody speaks; of equal ones the first. */
function mostSpoken(pieces: HeardPiece[]): string | null {
  const seconds = new Map<string, number>();
  for (const { result } of pieces) {
    const spoken = result.segments.reduce((sum, { start, end }) => sum + end - start, 0);
    if (result.language && result.segments.length > 0)
      seconds.set(result.language, (seconds.get(result.language) ?? 0) + spoken);
  }
  return [...seconds].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
