import { EventBatches } from './event-batches.js';
import type { LlmEvent } from './language-model.js';
import { LinkedAbort } from './linked-abort.js';
import type { LlmErrorEvent } from './provider-errors.js';
import type { SseEvent, SseSource } from './sse-events.js';

/** How long a connection may stay open after the answer is whole (usage and an end are due) before it is closed. */
const TAIL_MS = 1_500;

/** Understands the events of one answer in its provider's protocol. */
export interface ProviderAnswer {
  /** The provider said that the text is whole, whatever becomes of the connection now. */
  readonly finished: boolean;
  /** It said that nothing more comes. */
  readonly over: boolean;
  /** Adds what the event says to `said`. Throws for a reported failure and for what cannot be understood. */
  read(event: SseEvent, said: LlmEvent[]): void;
  /** The last events of a stream that ended by itself. */
  end(): Iterable<LlmEvent>;
  /** The last events of a call that failed with `error`. */
  fail(error: LlmErrorEvent): Iterable<LlmEvent>;
}

/** What differs between providers' streams. */
export interface AnswerParts {
  answer: ProviderAnswer;
  /** Sends the request; throws where it is refused. */
  open: (signal: AbortSignal) => Promise<SseSource>;
  /** The event for whatever `open`, the body, or `answer.read` throws. */
  errorOf: (error: unknown) => LlmErrorEvent;
}

/** One upstream call as `LanguageModel.stream` promises it. */
export function answerStream(parts: AnswerParts, signal: AbortSignal): AsyncIterable<LlmEvent> {
  return new EventBatches(batches(parts, signal));
}

async function* batches(
  { answer, open, errorOf }: AnswerParts,
  signal: AbortSignal,
): AsyncGenerator<LlmEvent[], void> {
  if (signal.aborted) return;
  const link = new LinkedAbort(signal);
  let said: LlmEvent[] = [];
  let ended = false;
  try {
    const source = await open(link.signal);
    for (let events = await source.read(); events; events = answer.over ? undefined : await source.read()) {
      for (const event of events) answer.read(event, said);
      const batch = said;
      said = [];
      yield batch;
      if (answer.finished) link.abortAfter(TAIL_MS);
    }
    source.drain();
    ended = true;
  } catch (error) {
    if (!signal.aborted && !answer.finished) yield [...said, ...answer.fail(errorOf(error))];
    if (!answer.finished) return;
  } finally {
    // After the natural end the connection is left alone: it may serve the next call.
    if (!ended) link.abort();
    link.release();
  }
  // Also when it was aborted while only the tail was missing: the answer is whole, and is not to be called silent.
  if (!signal.aborted || answer.finished) yield [...said, ...answer.end()];
}
