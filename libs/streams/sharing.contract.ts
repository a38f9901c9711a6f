import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collect, forever, refusalOf } from '../../test/support/streams.ts';
import { type EventStreams, StreamEndedError, StreamNotFoundError } from './event-streams.js';

interface Settings {
  /** A minute where a test does not say otherwise. */
  retentionMs?: number;
  idleMs?: number;
  maxEvents?: number;
}

export interface Subject {
  /** An adapter without streams. */
  make(settings: Settings): EventStreams | Promise<EventStreams>;
  /** What another process has of the one made last; that one itself where there is one process only. */
  another(): EventStreams | Promise<EventStreams>;
}

const delta = (text: string) => ({ type: 'delta', data: { text } });

/** What every adapter of `EventStreams` promises of streams that are written here and read there. */
export function sharingContract(name: string, { make, another }: Subject): void {
  describe(`${name} shares streams between processes`, () => {
    it('reads in another process as in the own one: replay, live, end', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1'), delta('2')]);
      const other = await another();
      expect((await other.snapshot('a')).map((event) => event.id)).toEqual([1, 2]);
      const readers = [0, 1, 2].map((after) => collect(other.read('a', after, forever())));
      await sleep(20);
      for (let n = 3; n <= 300; n += 1) {
        await streams.append('a', [delta(String(n))], { end: n === 300 });
        if (n % 50 === 0) await sleep(5);
      }
      const all = Array.from({ length: 300 }, (_, index) => index + 1);
      const seen = await Promise.all(readers);
      expect(seen.map((events) => events.map((event) => event.id))).toEqual([
        all,
        all.slice(1),
        all.slice(2),
      ]);
      expect(seen[0]!.map((event) => event.data)).toEqual(all.map((n) => ({ text: String(n) })));
      for (const after of [299, 300, 301])
        expect(await collect(other.read('a', after, forever()))).toHaveLength(after === 299 ? 1 : 0);
    });

    it('tells a reader in another process at once', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const reader = (await another()).read('a', 1, forever())[Symbol.asyncIterator]();
      const began = performance.now();
      for (let n = 2; n <= 6; n += 1) {
        const next = reader.next();
        await sleep(20);
        await streams.append('a', [delta(String(n))]);
        expect((await next).value).toEqual([{ id: n, ...delta(String(n)) }]);
      }
      // An adapter that only looks there from time to time takes longer.
      expect(performance.now() - began).toBeLessThan(4_000);
      await reader.return?.();
    });

    it('never loses or doubles an event for a slow reader in another process', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const other = await another();
      const seen: number[] = [];
      const reader = (async () => {
        for await (const batch of other.read('a', 0, forever())) {
          seen.push(...batch.map((event) => event.id));
          await sleep(5);
        }
      })();
      for (let n = 2; n <= 5_000; n += 1) {
        void streams.append('a', [delta(String(n))], { end: n === 5_000 });
        if (n % 20 === 0) await sleep(1);
      }
      await reader;
      expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
    });

    it('ends a reader in another process when its signal aborts', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const other = await another();
      const abort = new AbortController();
      const reader = collect(other.read('a', 0, abort.signal));
      await sleep(50);
      abort.abort();
      expect(await reader).toHaveLength(1);
      expect(await collect(other.read('a', 0, AbortSignal.abort()))).toEqual([]);
    });

    it('appends in another process at the end, and refuses the first writer when that was the end', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1'), delta('2')]);
      const other = await another();
      const readers = [streams, other].map((side) => collect(side.read('a', 0, forever())));
      await sleep(50);
      expect(await other.append('a', [{ type: 'end', data: null }], { end: true })).toBe(3);
      const seen = await Promise.all(readers);
      await expect(streams.append('a', [delta('late')])).rejects.toBeInstanceOf(StreamEndedError);
      await expect(other.append('a', [delta('late')])).rejects.toBeInstanceOf(StreamEndedError);
      const wanted = [delta('1'), delta('2'), { type: 'end', data: null }];
      for (const events of [...seen, await streams.snapshot('a')])
        expect(events).toEqual(wanted.map((event, index) => ({ id: index + 1, ...event })));
    });

    it('removes for every process', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const other = await another();
      const refused = [streams, other].map((side) => refusalOf(collect(side.read('a', 0, forever()))));
      await sleep(50);
      await other.remove('a');
      for (const refusal of refused) expect(await refusal).toBeInstanceOf(StreamNotFoundError);
      for (const side of [streams, other])
        await expect(side.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
      expect(await streams.append('a', [delta('anew')])).toBe(1);
    });

    it('carries 200 streams at once, complete for readers in another process', async () => {
      const streams = await make({});
      const other = await another();
      const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
      await Promise.all(names.map((name) => streams.append(name, [delta(name)])));
      const readers = names.map((name) => collect(other.read(name, 0, forever())));
      for (let n = 2; n <= 40; n += 1) {
        for (const name of names) void streams.append(name, [delta(name)], { end: n === 40 });
        await sleep(1);
      }
      const wanted = Array.from({ length: 40 }, (_, index) => index + 1);
      for (const [index, events] of (await Promise.all(readers)).entries()) {
        expect(events.map((event) => event.id)).toEqual(wanted);
        expect(events.every((event) => (event.data as { text: string }).text === names[index])).toBe(true);
      }
    });
  });
}
