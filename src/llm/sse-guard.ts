const LF = 10;
const CR = 13;

/** How long an answer that is already whole may take to close its connection, so that it can be used again. */
const DRAIN_MS = 1_000;

/** One event of an event stream was larger than the guard allows. */
export class SseTooLargeError extends Error {
  constructor(readonly maxBytes: number) {
    super(`An event of the stream exceeds ${maxBytes} bytes`);
    this.name = 'SseTooLargeError';
  }
}

/** Counts the bytes since the last blank line, whatever line ends the stream has and wherever its chunks are cut. */
export class SseEventMeter {
  private size = 0;
  private lineIsEmpty = true;
  private afterCr = false;

  constructor(private readonly maxBytes: number) {}

  /** @throws SseTooLargeError when an event grows over the limit. */
  accept(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.size += 1;
      if (byte === LF && this.afterCr) {
        this.afterCr = false;
        continue;
      }
      this.afterCr = byte === CR;
      if (byte !== LF && byte !== CR) {
        this.lineIsEmpty = false;
        if (this.size > this.maxBytes) throw new SseTooLargeError(this.maxBytes);
        continue;
      }
      if (this.lineIsEmpty) this.size = 0;
      this.lineIsEmpty = true;
    }
  }
}

/**
 * A `fetch` whose bodies fail with `SseTooLargeError` as soon as they (or one event of them) exceed `maxBytes`. Bodies
 * that are event streams, by their head, are handed on as they are: `SseReader` has its own limit.
 */
export function guardedFetch(fetch: typeof globalThis.fetch, maxBytes: number): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null || (response.ok && isEventStream(response))) return response;
    const { status, statusText, headers } = response;
    return new Response(guardBody(response.body, maxBytes), { status, statusText, headers });
  };
}

/** Reads to the end, or for a second. Who waits for nothing more of a body leaves its connection usable so. */
export async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), DRAIN_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection broke; nobody waits for these bytes.
  } finally {
    clearTimeout(timer);
  }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

function guardBody(body: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const meter = new SseEventMeter(maxBytes);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        try {
          meter.accept(value);
        } catch (error) {
          reader.cancel().catch(() => undefined);
          throw error;
        }
        controller.enqueue(value);
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
}
