import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collect, forever, refusalOf } from '../../test/support/streams.ts';
import { StreamEndedError, StreamNotFoundError } from './event-streams.js';
import { sharingContract, type Subject } from './sharing.contract.js';

const delta = (text: string) => ({ type: 'delta', data: { text } });
/** What every adapter of `EventStreams` promises. */
export function eventStreamsContract(name: string, subject: Subject): void {
  const { make, another } = subject;
  sharingContract(name, subject);
  describe(`${name} keeps the contract of EventStreams`, () => {
    it('counts ids from 1 without gaps, over batches', async () => {
      const streams = await make({});
      expect(await streams.append('a', [delta('1'), delta('2')])).toBe(2);
      expect(await streams.append('a', [delta('3')], { end: true })).toBe(3);
      const events = await collect(streams.read('a', 0, forever()));
      expect(events).toEqual([1, 2, 3].map((id) => ({ id, type: 'delta', data: { text: String(id) } })));
    });

    it('replays from any id', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1'), delta('2'), delta('3')], { end: true });
      for (const after of [0, 1, 2, 3, 9]) {
        const ids = (await collect(streams.read('a', after, forever()))).map((event) => event.id);
        expect(ids).toEqual([1, 2, 3].filter((id) => id > after));
      }
    });

    it('follows a stream that is being written, for many readers at once', async () => {
      const streams = await make({});
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
      const streams = await make({});
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
      const streams = await make({});
      await streams.append('a', [delta('of a')], { end: true });
      await streams.append('b', [delta('of b')], { end: true });
      expect((await collect(streams.read('b', 0, forever()))).map((event) => event.data)).toEqual([
        { text: 'of b' },
      ]);
    });

    it('refuses what comes after the end', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')], { end: true });
      await expect(streams.append('a', [delta('2')])).rejects.toBeInstanceOf(StreamEndedError);
      expect(await collect(streams.read('a', 0, forever()))).toHaveLength(1);
    });

    it('ends a reader without an error when its signal aborts, while waiting too', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const abort = new AbortController();
      const reader = collect(streams.read('a', 0, abort.signal));
      await sleep(20);
      abort.abort();
      expect(await reader).toHaveLength(1);
      expect(await collect(streams.read('a', 0, AbortSignal.abort()))).toEqual([]);
    });

    it('says so when there is no such stream', async () => {
      const streams = await make({});
      await expect(collect(streams.read('never', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    });

    it('forgets a removed stream, and tells its readers', async () => {
      const streams = await make({});
      await streams.append('a', [delta('1')]);
      const refused = refusalOf(collect(streams.read('a', 0, forever())));
      await sleep(20);
      await streams.remove('a');
      expect(await refused).toBeInstanceOf(StreamNotFoundError);
      await expect(collect(streams.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
      await streams.remove('a');
    });

    it('forgets an ended stream after its retention, not before', async () => {
      const streams = await make({ retentionMs: 300 });
      await streams.append('a', [delta('1')], { end: true });
      await sleep(50);
      expect(await collect(streams.read('a', 0, forever()))).toHaveLength(1);
      await sleep(600);
      await expect(collect(streams.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    });

    it('forgets a stream that nobody ends, once it has been idle for long', async () => {
      const streams = await make({ idleMs: 400 });
      await streams.append('a', [delta('1')]);
      const refused = refusalOf(collect(streams.read('a', 0, forever())));
      await sleep(250);
      await streams.append('a', [delta('2')]);
      await sleep(250);
      expect(await streams.snapshot('a')).toHaveLength(2);
      await sleep(600);
      await expect(streams.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
      expect(await refused).toBeInstanceOf(StreamNotFoundError);
      expect(await streams.append('a', [delta('anew')])).toBe(1);
    });

    it('keeps the newest events of a stream that is too long, and says so to who asks for older ones', async () => {
      const streams = await make({ maxEvents: 200 });
      for (let n = 0; n < 1_000; n += 10)
        await streams.append(
          'a',
          Array.from({ length: 10 }, (_, i) => delta(String(n + i + 1))),
        );
      await streams.append('a', [delta('1001')], { end: true });
      for (const side of [streams, await another()]) {
        const ids = (await collect(side.read('a', 801, forever()))).map((event) => event.id);
        expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => index + 802));
        await expect(collect(side.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
        await expect(side.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
      }
    });

    it('takes calls in their order, without waiting', async () => {
      const streams = await make({});
      const reader = async () => {
        await streams.append('before', [delta('')]);
        return collect(streams.read('a', 0, forever()));
      };
      const ids = Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          streams.append('a', [delta(String(i + 1))], { end: i === 499 }),
        ),
      );
      const wanted = Array.from({ length: 500 }, (_, index) => index + 1);
      expect((await reader()).map(({ id, data }) => [id, data])).toEqual(
        wanted.map((id) => [id, { text: String(id) }]),
      );
      expect(await ids).toEqual(wanted);
    });

    it('takes all of the events of a call or none', async () => {
      const streams = await make({});
      await expect(streams.append('a', [])).rejects.toBeInstanceOf(RangeError);
      await expect(streams.append('a', [], { end: true })).rejects.toBeInstanceOf(RangeError);
      await expect(streams.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
    });

    it('lets a caller go without waiting for its refusal', async () => {
      const streams = await make({});
      const unhandled: unknown[] = [];
      const listener = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', listener);
      await streams.append('a', [delta('1')], { end: true });
      void streams.append('a', [delta('2')]);
      void streams.append('b', []);
      await sleep(100);
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
    });

    it('shows what is there now, running or ended', async () => {
      const streams = await make({});
      await expect(streams.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
      await streams.append('a', [delta('1'), delta('2')]);
      const two = await streams.snapshot('a');
      expect(two.map((event) => event.id)).toEqual([1, 2]);
      await streams.append('a', [delta('3')], { end: true });
      for (const side of [streams, await another()])
        expect((await side.snapshot('a')).map((event) => event.id)).toEqual([1, 2, 3]);
      expect(two).toHaveLength(2);
    });

    it('is available', async () => {
      expect((await make({})).available()).toBe(true);
    });

    it('carries text of any kind unchanged', async () => {
      const streams = await make({});
      const text = '你好 👩‍👩‍👧 e\u0301 \u0000 "quoted"\r\n';
      await streams.append('a', [delta(text)], { end: true });
      for (const side of [streams, await another()])
        expect((await collect(side.read('a', 0, forever())))[0]?.data).toEqual({ text });
    });
  });
}
