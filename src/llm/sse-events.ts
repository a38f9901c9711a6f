import { createParser } from 'eventsource-parser';
import { drain, SseTooLargeError } from './sse-guard.js';

/** One event of a provider's event stream. */
export interface SseEvent {
  event: string | undefined;
  data: string;
  /** The HTTP status that DashScope writes into the stream, as a comment or as a field of its own. */
  status: number | undefined;
}

/** Where the events of one answer come from. */
export interface SseSource {
  /** The events that come next, perhaps none; undefined at the end. Throws where they cannot be had. */
  read(): Promise<SseEvent[] | undefined>;
  /** Nobody reads any more; the connection is to be usable for the next call. */
  drain(): void;
}

/**
 * Reads the events of one body. It hands out at once what came at once: a promise for each network chunk, not for each
 * event, is what lets a process read many streams.
 */
export class SseReader implements SseSource {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private readonly parser: SseParser;

  /** @param maxSize of one event, in characters */
  constructor(body: ReadableStream<Uint8Array>, maxSize: number) {
    this.reader = body.getReader();
    this.parser = new SseParser(maxSize);
  }

  /**
   * The events that the next chunk completes, perhaps none; undefined at the end of the body.
   * @throws SseTooLargeError, and whatever the body fails with
   */
  async read(): Promise<SseEvent[] | undefined> {
    const { done, value } = await this.reader.read();
    if (!done) return this.parser.feed(this.decoder.decode(value, { stream: true }));
    // The blank lines give out an event whose own blank line is missing at the end.
    const rest = this.parser.feed(`${this.decoder.decode()}\n\n`);
    return rest.length > 0 ? rest : undefined;
  }

  /** Reads what is left away, in the background: a connection with unread bytes could not serve the next call. */
  drain(): void {
    void drain(this.reader);
  }
}

class SseParser {
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
