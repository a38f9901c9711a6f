import type { Switches } from './switches.ts';

/** What stands in every error message: a test that finds it in a log or an answer has found a leak. */
export const SECRET_MESSAGE = 'upstream-message-that-must-not-leak';

/** A piece of a stream: its bytes, and whether it carries a chunk of answer or thinking. */
export interface Frame {
  text: string;
  chunk: boolean;
}

/** The request, as far as an answer depends on it. */
export interface Asked {
  model: string;
  stream: boolean;
  /** `include_usage`, or always for applications. */
  wantsUsage: boolean;
  /** `incremental_output`, or always for chat completions. */
  incremental: boolean;
  lastUserMessage: string;
  inputTokens: number;
}

/** An answer before it is put into words of a protocol. */
export interface Answer {
  thoughts: string[];
  pieces: string[];
  asked: Asked;
  switches: Switches;
}

/** One wire protocol. */
export interface Wire {
  /** Frames of the stream; endless where `never-ending` is on. */
  frames(answer: Answer): Iterable<Frame>;
  /** Where an error comes in mid-stream. */
  errorFrame(switches: Switches): Frame;
  whole(answer: Answer): object;
  refusal(status: number, code: string | undefined): object;
}

/** Pieces with their index, for ever where the stream never ends. */
export function* endless(answer: Answer): Generator<[string, number]> {
  let index = 0;
  do {
    for (const piece of answer.pieces) yield [piece, index++];
  } while (answer.switches['never-ending'] === true && answer.pieces.length > 0);
}

/** Messages of a request body, with contents that may be texts or lists of parts. */
export function messagesOf(value: unknown): { role: string; content: string }[] {
  if (!Array.isArray(value)) return [];
  return value.map((message: { role?: unknown; content?: unknown }) => ({
    role: String(message.role),
    content: contentOf(message.content),
  }));
}

/** Deterministic stand-in for a tokenizer: code points. */
export function tokensOf(texts: string[]): number {
  return texts.reduce((sum, text) => sum + [...text].length, 0);
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}
