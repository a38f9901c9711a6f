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
 * A `fetch` whose bodies fail with `SseTooLargeError` as soon as one event (or an error body) exceeds `maxBytes`.
 * The OpenAI SDK gathers an event in memory without any limit, so the limit has to stand before it.
 */
export function guardedFetch(fetch: typeof globalThis.fetch, maxBytes: number): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(guardBody(response.body, maxBytes), { status, statusText, headers });
  };
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
      cancel() {
        // Who leaves early aborts the request, which closes the socket. A cancel alone comes after `[DONE]`: the few
        // bytes left are read away, as a connection with unread bytes could not serve the next call.
        void drain(reader);
      },
    },
    { highWaterMark: 0 },
  );
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), DRAIN_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection broke; nobody waits for these bytes.
  } finally {
    clearTimeout(timer);
  }
}
