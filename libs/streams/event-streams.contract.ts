import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type EventStreams,
  StreamEndedError,
  type StreamEvent,
  StreamNotFoundError,
} from './event-streams.js';

interface Subject {
  /** An adapter whose ended streams can be read for `retentionMs`. */
  make(retentionMs: number): EventStreams | Promise<EventStreams>;
}

const delta = (text: string) => ({ type: 'delta', data: { text } });
const forever = () => new AbortController().signal;

async function collect(events: AsyncIterable<StreamEvent[]>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const batch of events) all.push(...batch);
  return all;
}

/** What every adapter of `EventStreams` promises. */
export function eventStreamsContract(name: string, { make }: Subject): void {
  describe(`${name} keeps the contract of EventStreams`, () => {
    it('counts ids from 1 without gaps, over batches', async () => {
      const streams = await make(60_000);
      expect(await streams.append('a', [delta('1'), delta('2')])).toBe(2);
      expect(await streams.append('a', [delta('3')], { end: true })).toBe(3);
      const events = await collect(streams.read('a', 0, forever()));
      expect(events).toEqual([1, 2, 3].map((id) => ({ id, type: 'delta', data: { text: String(id) } })));
    });

    it('replays from any id', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1'), delta('2'), delta('3')], { end: true });
      for (const after of [0, 1, 2, 3, 9]) {
        const ids = (await collect(streams.read('a', after, forever()))).map((event) => event.id);
        expect(ids).toEqual([1, 2, 3].filter((id) => id > after));
      }
    });

    it('follows a stream that is being written, for many readers at once', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1')]);
      const readers = Array.from({ length: 20 }, () => collect(streams.read('a', 0, forever())));
      for (let n = 2; n < 50; n += 1) {
        await streams.append('a', [delta(String(n))]);
        if (n % 7 === 0) await sleep(1);
      }
      await streams.append('a', [delta('50')], { end: true });
      const wanted = Array.from({ length: 50 }, (_, index) => index + 1);
      for (const events of await Promise.all(readers))
        expect(events.map((event) => event.id)).toEqual(wanted);
    });

    it('never loses or doubles an event for a slow reader', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1')]);
      const seen: number[] = [];
      const reader = (async () => {
        for await (const batch of streams.read('a', 0, forever())) {
          seen.push(...batch.map((event) => event.id));
          await sleep(3);
        }
      })();
      for (let n = 2; n <= 200; n += 1) await streams.append('a', [delta(String(n))], { end: n === 200 });
      await reader;
      expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    });

    it('keeps streams apart', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('of a')], { end: true });
      await streams.append('b', [delta('of b')], { end: true });
      expect((await collect(streams.read('b', 0, forever()))).map((event) => event.data)).toEqual([
        { text: 'of b' },
      ]);
    });

    it('refuses what comes after the end', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1')], { end: true });
      await expect(streams.append('a', [delta('2')])).rejects.toBeInstanceOf(StreamEndedError);
      expect(await collect(streams.read('a', 0, forever()))).toHaveLength(1);
    });

    it('ends a reader without an error when its signal aborts, while waiting too', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1')]);
      const abort = new AbortController();
      const reader = collect(streams.read('a', 0, abort.signal));
      await sleep(20);
      abort.abort();
      expect(await reader).toHaveLength(1);
      expect(await collect(streams.read('a', 0, AbortSignal.abort()))).toEqual([]);
    });

    it('says so when there is no such stream', async () => {
      const streams = await make(60_000);
      await expect(collect(streams.read('never', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    });

    it('forgets a removed stream, and tells its readers', async () => {
      const streams = await make(60_000);
      await streams.append('a', [delta('1')]);
      const reader = collect(streams.read('a', 0, forever()));
      await sleep(20);
      await streams.remove('a');
      await expect(reader).rejects.toBeInstanceOf(StreamNotFoundError);
      await expect(collect(streams.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
      await streams.remove('a');
    });

    it('forgets an ended stream after its retention, not before', async () => {
      const streams = await make(300);
      await streams.append('a', [delta('1')], { end: true });
      await sleep(50);
      expect(await collect(streams.read('a', 0, forever()))).toHaveLength(1);
      await sleep(600);
      await expect(collect(streams.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    });

    it('carries text of any kind unchanged', async () => {
      const streams = await make(60_000);
      const text = '你好 👩‍👩‍👧 e\u0301 \u0000 "quoted"\r\n';
      await streams.append('a', [delta(text)], { end: true });
      expect((await collect(streams.read('a', 0, forever())))[0]?.data).toEqual({ text });
    });
  });
}
