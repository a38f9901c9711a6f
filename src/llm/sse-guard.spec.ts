import { describe, expect, it } from 'vitest';
import { guardedFetch, SseEventMeter, SseTooLargeError } from './sse-guard.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Feeds a text in chunks of every size and says whether it passed; it must not depend on the size. */
function passes(text: string, limit: number): boolean {
  const outcomes = [1, 2, 3, 5, 1000].map((size) => {
    const meter = new SseEventMeter(limit);
    try {
      for (let i = 0; i < text.length; i += size) meter.accept(bytes(text.slice(i, i + size)));
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(SseTooLargeError);
      return false;
    }
  });
  expect(new Set(outcomes).size).toBe(1);
  return outcomes[0] as boolean;
}

describe('SseEventMeter', () => {
  it.each(['\n', '\r\n', '\r'])('starts anew at every blank line (%j)', (eol) => {
    const event = `data: 1234${eol}${eol}`;
    expect(passes(event.repeat(50), 14)).toBe(true);
    expect(passes(event.repeat(50), 9)).toBe(false);
  });

  it('counts all lines of an event together', () => {
    expect(passes('data: 12\n'.repeat(10), 50)).toBe(false);
    expect(passes('data: 12\r\n'.repeat(10), 50)).toBe(false);
  });

  it('refuses a line without an end', () => {
    expect(passes('x'.repeat(101), 100)).toBe(false);
    expect(passes('x'.repeat(100), 100)).toBe(true);
  });

  it('costs next to nothing', () => {
    const meter = new SseEventMeter(1024 * 1024);
    const chunk = bytes(`data: ${'x'.repeat(240)}\n\n`);
    for (let i = 0; i < 10_000; i += 1) meter.accept(chunk);
    const start = performance.now();
    for (let i = 0; i < 10_000; i += 1) meter.accept(chunk);
    // About 3 ms on a laptop; two orders of magnitude of room for a busy machine.
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe('guardedFetch', () => {
  it('keeps status and headers, and responses without a body', async () => {
    const fetch = guardedFetch(async () => new Response('x', { status: 418, headers: { 'x-a': 'b' } }), 10);
    const response = await fetch('http://localhost');
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([418, 'b', 'x']);
    const empty = guardedFetch(async () => new Response(null, { status: 204 }), 10);
    expect((await empty('http://localhost')).status).toBe(204);
  });

  it('gives the source up when the limit is exceeded', async () => {
    let cancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('x'.repeat(100))),
      cancel: () => void (cancelled = true),
    });
    const fetch = guardedFetch(async () => new Response(source), 1000);
    await expect((await fetch('http://localhost')).text()).rejects.toThrow(SseTooLargeError);
    expect(cancelled).toBe(true);
  });
});
