import { FrameError } from './frames.js';
import { MAX_LABEL, MAX_PAGES } from './passage-limits.js';
import {
  type Passage,
  PASSAGES_AT_ONCE,
  READING_FAILURES,
  ReadingError,
  type ReadingFailure,
  type ReadingResult,
} from './reading.js';

/**
 * What a child process says, which a file may have taken over: taken apart into what it has to be.
 * @throws FrameError, SyntaxError where it is not
 */
export function passagesOf(body: Buffer): Passage[] {
  const batch: unknown = JSON.parse(body.toString());
  if (!Array.isArray(batch) || batch.length > PASSAGES_AT_ONCE) throw new FrameError('no passages');
  return batch.map((given: Partial<Passage>) => {
    const { page = null, label = null, text, tokens } = given;
    if (typeof text !== 'string' || text === '' || !isNumber(tokens, 0, Number.MAX_SAFE_INTEGER))
      throw new FrameError('no passage');
    if ((page !== null && !isNumber(page, 1, MAX_PAGES)) || !isLabel(label)) throw new FrameError('no place');
    return { page, label, text, tokens };
  });
}

/** How the child says that it has ended. @throws FrameError, SyntaxError */
export function resultOf(body: Buffer): ReadingResult | ReadingError {
  const { result, failure } = JSON.parse(body.toString()) as {
    result?: ReadingResult;
    failure?: ReadingFailure;
  };
  if (failure !== undefined) {
    if (!READING_FAILURES.includes(failure)) throw new FrameError('no failure');
    return new ReadingError(failure);
  }
  const { pages, width, height } = result ?? ({} as Partial<ReadingResult>);
  return { pages: counted(pages), width: counted(width), height: counted(height) };
}

function counted(value: unknown): number | null {
  if (value === null) return null;
  if (!isNumber(value, 0, 1_000_000)) throw new FrameError('no number');
  return value;
}

function isNumber(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isLabel(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value.length <= MAX_LABEL);
}
