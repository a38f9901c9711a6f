import { afterEach, describe, expect, it } from 'vitest';
import { FakeEngine, piece, resultOf } from '../../test/support/fake-engine.js';
import { eventually } from '../../test/support/talk.js';
import { EnginePool } from './engine-pool.js';
import { EngineError } from './whisper-engine.js';

const NEVER = new AbortController().signal;
const LONG = 60_000;

let pool: EnginePool;

async function make(engines: FakeEngine[], queue = 4): Promise<string[]> {
  const lost: string[] = [];
  pool = new EnginePool({ engines, queue, onLost: (engine) => lost.push(engine) });
  await pool.start();
  return lost;
}

const send = (seconds = 1, signal = NEVER) => pool.transcribe(piece(seconds), signal);
/** Until the engines have so many pieces in hand. */
const begun = (count: number, ...engines: FakeEngine[]) =>
  eventually(async () => engines.reduce((sum, { busy }) => sum + busy, 0) === count);
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof EngineError ? error.code : error),
  );

afterEach(() => pool.close());

describe('EnginePool', () => {
  it('works on as many pieces as there are places, the others in their order', async () => {
    const engines = [new FakeEngine({ ms: 40 }), new FakeEngine({ ms: 40, slots: 2 })];
    await make(engines, 20);
    const ended: number[] = [];
    const sent = Array.from({ length: 12 }, (_, index) => send(index + 1).then(() => ended.push(index)));
    expect(pool.status()).toMatchObject({ slots: 3, busy: 3, queued: 9 });
    await Promise.all(sent);
    expect(engines.map(({ most }) => most)).toEqual([1, 2]);
    const [one, two] = engines.map(({ pieces }) => pieces.length);
    expect(one! + two!).toBe(12);
    expect(one).toBeGreaterThanOrEqual(3);
    expect(ended[0]! + ended[1]! + ended[2]!).toBe(3);
    expect(pool.status()).toMatchObject({ ready: true, busy: 0, queued: 0 });
  });

  it('gives the result as the engine gave it, with its name', async () => {
    await make([new FakeEngine({ name: 'parrot' })]);
    const asked = piece(2, { words: true, language: 'zh', prompt: 'tea', task: 'translate' });
    expect(await pool.transcribe(asked, NEVER)).toEqual({ ...resultOf(asked), engine: 'parrot' });
  });

  it('refuses at once when the queue is full, and takes the next one when it is not any more', async () => {
    const engine = new FakeEngine({ ms: LONG });
    await make([engine], 2);
    const stop = new AbortController();
    const sent = [send(1, stop.signal), send(), send()].map(code);
    expect(await code(send())).toBe('engine_busy');
    await begun(1, engine);
    engine.ms = 10;
    stop.abort('left');
    expect(await sent[0]).toBe('left');
    expect(await code(send())).toBe('done');
    expect(await Promise.all(sent)).toEqual(['left', 'done', 'done']);
  });

  it('refuses everything at once where no place is free and nobody may wait', async () => {
    await make([new FakeEngine({ ms: 50 })], 0);
    const first = send();
    expect(await code(send())).toBe('engine_busy');
    await first;
    expect(await code(send())).toBe('done');
  });

  it('takes out of the line who leaves, and never gives him an engine', async () => {
    const engine = new FakeEngine({ ms: 50 });
    await make([engine]);
    const first = send(1);
    const leaving = new AbortController();
    const second = code(send(2, leaving.signal));
    const third = send(3);
    leaving.abort('left');
    expect(await second).toBe('left');
    await Promise.all([first, third]);
    expect(engine.pieces.map(({ pcm }) => pcm.length)).toEqual([32_000, 96_000]);
    expect(await code(send(1, AbortSignal.abort('before')))).toBe('before');
    expect(engine.pieces).toHaveLength(2);
  });

  it('tries a piece once on another engine when its own dies, before those who wait', async () => {
    const [dying, other] = [
      new FakeEngine({ name: 'one', ms: LONG }),
      new FakeEngine({ name: 'two', ms: LONG }),
    ];
    const lost = await make([dying, other]);
    const first = code(send(1));
    const second = send(2);
    const waiting = send(3);
    await begun(2, dying, other);
    dying.ms = 5;
    other.ms = 5;
    dying.die();
    await eventually(async () => pool.status().queued === 2);
    dying.revive();
    // The first piece is not given to its engine again, which takes the one that waits.
    expect((await waiting).engine).toBe('one');
    expect(pool.status().queued).toBe(1);
    other.die();
    expect((await second).engine).toBe('one');
    expect(await first).toBe('engine_unavailable');
    expect(lost).toEqual(['one', 'two']);
  });

  it('puts a piece whose engine died before those who wait', async () => {
    const [dying, other] = [
      new FakeEngine({ name: 'one', ms: LONG }),
      new FakeEngine({ name: 'two', ms: 200 }),
    ];
    await make([dying, other]);
    const sent = [send(1), send(2), send(3)];
    await begun(2, dying, other);
    dying.die();
    const engines = await Promise.all(sent);
    expect(engines.map(({ engine }) => engine)).toEqual(['two', 'two', 'two']);
    expect(other.pieces.map(({ pcm }) => pcm.length / 32_000)).toEqual([2, 1, 3]);
  });

  it('gives up where no other engine is ready, and where the other one fails too', async () => {
    const engines = [new FakeEngine({ ms: LONG }), new FakeEngine({ ready: false })];
    await make(engines);
    const sent = code(send());
    await begun(1, ...engines);
    engines[0]!.die();
    expect(await sent).toBe('engine_unavailable');
    for (const engine of engines) {
      engine.ms = 1;
      engine.revive();
      engine.failure = new EngineError('engine_busy', 'full');
    }
    expect(await code(send())).toBe('engine_busy');
    expect(engines.map(({ pieces }) => pieces.length)).toEqual([2, 1]);
  });

  it('does not send elsewhere what an engine failed at', async () => {
    const engines = [new FakeEngine(), new FakeEngine()];
    await make(engines);
    for (const failure of ['engine_failed', 'engine_refused'] as const) {
      for (const engine of engines) engine.failure = new EngineError(failure, 'no');
      expect(await code(send())).toBe(failure);
    }
    expect(engines[0]!.pieces.length + engines[1]!.pieces.length).toBe(2);
  });

  it('is not ready without a ready engine, and says so to those who wait', async () => {
    const engine = new FakeEngine({ ms: LONG });
    await make([engine]);
    const sent = [send(), send()].map(code);
    await begun(1, engine);
    engine.die();
    expect(await Promise.all(sent)).toEqual(['engine_unavailable', 'engine_unavailable']);
    expect(pool.status()).toMatchObject({ ready: false, slots: 0 });
    expect(await code(send())).toBe('engine_unavailable');
    engine.ms = 1;
    engine.revive();
    await eventually(async () => pool.status().ready);
    expect(await code(send())).toBe('done');
  });

  it('finishes what it has when it ends, the line included, and takes no more', async () => {
    const engine = new FakeEngine({ ms: 60 });
    await make([engine]);
    const sent = [send(), send()].map(code);
    const drained = pool.drain(10_000);
    expect(await code(send())).toBe('engine_unavailable');
    expect(pool.status()).toMatchObject({ ready: false, draining: true });
    await drained;
    expect(await Promise.all(sent)).toEqual(['done', 'done']);
    await pool.close();
    expect(engine.closed).toBe(true);
  });

  it('does not wait for longer than it was told to', async () => {
    await make([new FakeEngine({ ms: LONG })]);
    const sent = [send(), send()].map(code);
    await pool.drain(30);
    await pool.close();
    expect(await Promise.all(sent)).toEqual(['engine_unavailable', 'engine_unavailable']);
  });
});
