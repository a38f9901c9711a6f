import { join } from 'node:path';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { WhisperPiece, WhisperResult, WhisperSegment, WhisperWord } from './whisper-engine.js';

/** The package of whisper.proto, and the name under which its health is told. */
export const PACKAGE = 'parley.whisper.v1';
export const SERVICE = `${PACKAGE}.Whisper`;

/** Room for the longest piece (960,000 bytes), and for a result with every word; both sides set it. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Both sides find out within 15 seconds that the other one is silent, with calls or without. */
export const KEEPALIVE = { everyMs: 10_000, timeoutMs: 5_000 };

// It would write lines of its own beside the log; what they say comes as an error too.
setLogVerbosity(logVerbosity.NONE);

/** The contract as both sides load it. The file lies beside this one, in the sources and in the build. */
export function loadContract(): PackageDefinition {
  return loadSync(join(import.meta.dirname, 'whisper.proto'), {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
}

/** The messages as the loaded contract gives them: fields that are `optional` there may be absent. */
export interface TranscribeRequest {
  pcm: Buffer;
  task: 'TRANSCRIBE' | 'TRANSLATE';
  language?: string;
  prompt?: string;
  words: boolean;
}

interface WordMessage {
  text: string;
  start: number;
  end: number;
  probability?: number;
}

interface SegmentMessage extends WordMessage {
  noSpeech?: number;
  words: WordMessage[];
}

/** One of the three. */
export interface TranscribeEvent {
  accepted?: { queued: number };
  segment?: SegmentMessage;
  done?: { language?: string; engine: string };
}

export interface StatusMessage {
  ready: boolean;
  draining: boolean;
  engine: string;
  slots: number;
  busy: number;
  queued: number;
}

export function requestOf(piece: WhisperPiece): TranscribeRequest {
  const { pcm, task, language, prompt, words } = piece;
  return {
    pcm,
    task: task === 'translate' ? 'TRANSLATE' : 'TRANSCRIBE',
    ...(language !== undefined && { language }),
    ...(prompt !== undefined && { prompt }),
    words,
  };
}

export function pieceOf(request: TranscribeRequest): WhisperPiece {
  const { pcm, task, language, prompt, words } = request;
  return {
    pcm,
    task: task === 'TRANSLATE' ? 'translate' : 'transcribe',
    ...(language && { language }),
    ...(prompt && { prompt }),
    words,
  };
}

/** What is sent of a result, after `accepted`. */
export function eventsOf(result: WhisperResult, engine: string): TranscribeEvent[] {
  const segments = result.segments.map((segment) => ({ segment: messageOf(segment) }));
  return [...segments, { done: { engine, ...(result.language !== null && { language: result.language }) } }];
}

function messageOf(segment: WhisperSegment): SegmentMessage {
  const { start, end, text, noSpeech } = segment;
  const words = segment.words.map((word) => ({
    text: word.text,
    start: word.start,
    end: word.end,
    ...probabilityOf(word),
  }));
  return { start, end, text, words, ...probabilityOf(segment), ...(noSpeech !== null && { noSpeech }) };
}

function probabilityOf({ probability }: { probability: number | null }): { probability?: number } {
  return probability === null ? {} : { probability };
}

export function segmentOf(message: SegmentMessage): WhisperSegment {
  const { start, end, text, probability, noSpeech } = message;
  const words = message.words.map(wordOf);
  return { start, end, text, probability: probability ?? null, noSpeech: noSpeech ?? null, words };
}

function wordOf({ text, start, end, probability }: WordMessage): WhisperWord {
  return { text, start, end, probability: probability ?? null };
}
