import { createParser } from 'eventsource-parser';
import { SseTooLargeError } from './sse-guard.js';

/** One event of DashScope's event streams. */
export interface SseEvent {
  event: string | undefined;
  data: string;
  /** The HTTP status that DashScope writes into the stream, as a comment or as a field of its own. */
  status: number | undefined;
}

/**
 * The events of an event stream, as they come. Leaving the iteration gives the body up.
 * @throws SseTooLargeError when one event exceeds `maxSize` characters
 */
export async function* sseEvents(
  body: ReadableStream<Uint8Array>,
  maxSize: number,
): AsyncGenerator<SseEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new DashScopeParser(maxSize);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // The blank lines give out an event whose own blank line is missing at the end.
      const text = done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true });
      yield* parser.feed(text);
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

class DashScopeParser {
  private events: SseEvent[] = [];
  private status: number | undefined;
  private tooLarge = false;
  private readonly parser;

  constructor(private readonly maxSize: number) {
    this.parser = createParser({
      maxBufferSize: maxSize,
      onEvent: ({ event, data }) => {
        this.events.push({ event, data, status: this.status });
        this.status = undefined;
      },
      onComment: (comment) => {
        const [, status] = /^HTTP_STATUS\/(\d{3})/.exec(comment) ?? [];
        if (status !== undefined) this.status = Number(status);
      },
      onError: ({ type, field, value }) => {
        this.tooLarge ||= type === 'max-buffer-size-exceeded';
        if (field === 'status' && /^\s*\d{3}\s*$/.test(value ?? '')) this.status = Number(value);
      },
    });
  }

  feed(text: string): SseEvent[] {
    this.parser.feed(text);
    if (this.tooLarge) throw new SseTooLargeError(this.maxSize);
    const events = this.events;
    this.events = [];
    return events;
  }
}
