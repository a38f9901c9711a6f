import { wordsOfTokens } from './spoken-words.js';
import { secondsOf } from './wav.js';
import {
  EngineError,
  type WhisperPiece,
  type WhisperResult,
  type WhisperSegment,
  type WhisperWord,
} from './whisper-engine.js';
import { languageCode } from './whisper-languages.js';

type Fields = Record<string, unknown>;

/**
 * Reads what engines answer a piece with: `verbose_json` as OpenAI, faster-whisper servers and whisper.cpp write it, or
 * `json`, which has the text alone. Times are put within the piece, and in order; segments without text are left out.
 *
 * @throws EngineError engine_failed where it is something else
 */
export function readTranscript(body: string, piece: WhisperPiece): WhisperResult {
  const answer = fieldsOf(parsed(body));
  if (!answer || (typeof answer.text !== 'string' && !Array.isArray(answer.segments)))
    throw new EngineError('engine_failed', 'The engine answered something that is no transcript');
  const segments = segmentsOf(answer, new Clock(secondsOf(piece.pcm.length)), piece.words);
  return { language: languageOf(answer, piece, segments.length > 0), segments };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function listOf(value: unknown): Fields[] {
  const values: unknown[] = Array.isArray(value) ? value : [];
  return values.map(fieldsOf).filter((fields) => fields !== undefined);
}

/** Where nothing was heard an engine names a language all the same: the one it was asked for, guessed, or had before. */
function languageOf(answer: Fields, piece: WhisperPiece, heard: boolean): string | null {
  if (piece.language !== undefined) return piece.language;
  return heard ? languageCode(answer.language) : null;
}

/** Puts times within a piece. */
class Clock {
  constructor(private readonly duration: number) {}

  /** In seconds, with hundredths; `from` where there is none. */
  time(value: unknown, from: number): number {
    const seconds = typeof value === 'number' && Number.isFinite(value) ? value : from;
    return Math.round(Math.min(Math.max(seconds, from), this.duration) * 100) / 100;
  }

  span({ start, end }: Fields): { start: number; end: number } {
    const from = this.time(start, 0);
    return { start: from, end: this.time(end ?? this.duration, from) };
  }
}

function segmentsOf(answer: Fields, clock: Clock, wantsWords: boolean): WhisperSegment[] {
  // A server that answers in `json` says no more than the text.
  const found = Array.isArray(answer.segments) ? listOf(answer.segments) : [{ text: answer.text }];
  const segments = found.flatMap((fields) => segmentOf(fields, clock, wantsWords));
  if (wantsWords && segments.every(({ words }) => words.length === 0)) spread(answer.words, clock, segments);
  return segments;
}

function segmentOf(fields: Fields, clock: Clock, wantsWords: boolean): WhisperSegment[] {
  const said = typeof fields.text === 'string' ? fields.text : '';
  const text = trimmed(said);
  if (text.length === 0) return [];
  const tokens = wantsWords ? listOf(fields.words).map((word) => wordOf(word, clock)) : [];
  return [
    {
      ...clock.span(fields),
      text,
      probability: average(fields.avg_logprob),
      noSpeech: share(fields.no_speech_prob),
      words: wordsOfTokens(tokens, said),
    },
  ];
}

/** OpenAI lists the words of all segments in one, without the spaces between them. */
function spread(words: unknown, clock: Clock, segments: WhisperSegment[]): void {
  for (const fields of listOf(words)) {
    const word = wordOf(fields, clock);
    const text = trimmed(word.text);
    const middle = (word.start + word.end) / 2;
    const segment = segments.find(({ end }) => middle <= end) ?? segments.at(-1);
    if (text.length > 0) segment?.words.push({ ...word, text });
  }
}

function wordOf(fields: Fields, clock: Clock): WhisperWord {
  const text = typeof fields.word === 'string' ? fields.word : '';
  return { ...clock.span(fields), text, probability: share(fields.probability) };
}

/** Without spaces around it, and without what is left of a character that a segment's end cut through. */
function trimmed(text: string): string {
  return text.replaceAll('\uFFFD', '').trim();
}

function share(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) : null;
}

function average(logProbability: unknown): number | null {
  return typeof logProbability === 'number' ? share(Math.exp(logProbability)) : null;
}
