import { ConsoleLogger } from '@nestjs/common';
import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeEngine, piece, resultOf } from '../../test/support/fake-engine.js';
import { eventually } from '../../test/support/talk.js';
import { GrpcTranscriber } from './grpc-transcriber.js';
import { parseAddress } from './whisper-address.js';
import { EngineError, type WhisperPiece } from './whisper-engine.js';
import { type ServiceOptions, startWhisperService, type WhisperService } from './whisper-service.js';

const LONG = 60_000;
const NEVER = new AbortController().signal;
const logger = new ConsoleLogger({ logLevels: ['error', 'fatal'] });

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function serve(engines: FakeEngine[], options: Partial<ServiceOptions> = {}): Promise<WhisperService> {
  const defaults = { host: '127.0.0.1', port: 0, queue: 4, graceMs: 5_000, logger };
  const service = await startWhisperService({ ...defaults, ...options, engines });
  open.push(service.app);
  return service;
}

function connect(service: WhisperService, options: ConstructorParameters<typeof GrpcTranscriber>[0] = {}) {
  const transcriber = new GrpcTranscriber({
    addresses: [parseAddress(service.address)!],
    pollMs: 50,
    ...options,
  });
  open.push(transcriber);
  return transcriber;
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof EngineError ? error.code : error),
  );

interface HealthClient {
  check(
    request: { service: string },
    callback: (error: Error | null, answer: { status: string }) => void,
  ): void;
  close(): void;
}

const Health = makeClientConstructor(healthService, 'Health');

/** The health service as any client of the standard sees it. */
async function health(service: WhisperService, name = ''): Promise<string> {
  const client = new Health(service.address, credentials.createInsecure()) as unknown as HealthClient;
  try {
    return await new Promise((resolve, reject) =>
      client.check({ service: name }, (error, answer) => (error ? reject(error) : resolve(answer.status))),
    );
  } finally {
    client.close();
  }
}

describe('the Whisper microservice', () => {
  it('gives what the engine gave, to the last digit', async () => {
    const engine = new FakeEngine({ name: 'parrot 1' });
    const transcriber = connect(await serve([engine]));
    const pieces: WhisperPiece[] = [
      piece(1),
      piece(1, { words: true, language: 'zh', prompt: '功夫茶, 茶壶', task: 'translate' }),
      { ...piece(1), pcm: Buffer.from([1, 2]) },
      { ...piece(30), pcm: Buffer.alloc(960_000, 'speech') },
    ];
    for (const sent of pieces) {
      expect(await transcriber.transcribe(sent, NEVER)).toEqual({ ...resultOf(sent), engine: 'parrot 1' });
    }
    expect(engine.pieces).toEqual(pieces);
    expect(transcriber.state()).toMatchObject({ ready: true, places: 1, condition: 'ready', reason: null });
  });

  it('refuses what is no piece, and the engine does not see it', async () => {
    const engine = new FakeEngine();
    const transcriber = connect(await serve([engine]));
    for (const length of [0, 1, 33, 960_002, 3_000_000]) {
      const refused = transcriber.transcribe({ ...piece(), pcm: Buffer.alloc(length) }, NEVER);
      await expect(refused).rejects.toMatchObject({
        code: 'engine_refused',
        message: expect.stringContaining('pcm'),
      });
    }
    expect(engine.pieces).toEqual([]);
    // More than a message may have.
    expect(await code(transcriber.transcribe({ ...piece(), pcm: Buffer.alloc(5_000_000) }, NEVER))).toMatch(
      /^engine_/,
    );
  });

  it.each(['engine_failed', 'engine_refused', 'engine_busy', 'engine_unavailable'] as const)(
    'passes %s on',
    async (failure) => {
      const engine = new FakeEngine();
      const transcriber = connect(await serve([engine]));
      engine.failure = new EngineError(failure, 'for a reason');
      expect(await code(transcriber.transcribe(piece(), NEVER))).toBe(failure);
    },
  );

  it('says nothing of a mistake of its own', async () => {
    const engine = new FakeEngine();
    const quiet = new ConsoleLogger({ logLevels: [] });
    const transcriber = connect(await serve([engine], { logger: quiet }));
    engine.failure = new TypeError('a secret');
    const failed = transcriber.transcribe(piece(), NEVER);
    await expect(failed).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.not.stringContaining('secret'),
    });
  });

  it('frees the engine when the caller leaves', async () => {
    const engine = new FakeEngine({ ms: LONG });
    const transcriber = connect(await serve([engine]));
    const leaving = new AbortController();
    const left = code(transcriber.transcribe(piece(), leaving.signal));
    await eventually(async () => engine.busy === 1);
    const waiting = code(transcriber.transcribe(piece(), NEVER));
    leaving.abort('gone');
    expect(await left).toBe('gone');
    await eventually(async () => engine.aborted === 1, 1_000);
    engine.ms = 1;
    engine.die();
    expect(await waiting).toBe('engine_unavailable');
  });

  it('stops working at the deadline', async () => {
    const engine = new FakeEngine({ ms: LONG });
    const transcriber = connect(await serve([engine]), { deadlineMs: 300 });
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_failed');
    await eventually(async () => engine.aborted === 1 && engine.busy === 0, 1_000);
  });

  it('refuses at once what its queue has no room for', async () => {
    const engine = new FakeEngine({ ms: 300 });
    const transcriber = connect(await serve([engine], { queue: 1 }));
    const sent = Array.from({ length: 4 }, () => code(transcriber.transcribe(piece(), NEVER)));
    const ended = await Promise.all(sent);
    expect(ended.filter((end) => end === 'done')).toHaveLength(2);
    expect(ended.filter((end) => end === 'engine_busy')).toHaveLength(2);
    expect(engine.most).toBe(1);
  });

  it('is healthy while a model is loaded', async () => {
    const engine = new FakeEngine({ ready: false });
    const service = await serve([engine]);
    const transcriber = connect(service);
    const name = 'parley.whisper.v1.Whisper';
    expect([await health(service), await health(service, name)]).toEqual(['NOT_SERVING', 'NOT_SERVING']);
    await eventually(async () => transcriber.state().services[0]?.engine === 'fake');
    expect(transcriber.state()).toMatchObject({ ready: false, places: 0, condition: 'starting' });
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_unavailable');
    engine.revive();
    await eventually(async () => (await health(service, name)) === 'SERVING');
    await eventually(async () => transcriber.state().condition === 'ready');
    engine.die();
    await eventually(async () => (await health(service)) === 'NOT_SERVING');
  });

  it('lets in who knows the token', async () => {
    const service = await serve([new FakeEngine()], { token: 'open sesame' });
    expect(await code(connect(service, { token: 'open sesame' }).transcribe(piece(), NEVER))).toBe('done');
    for (const token of [undefined, 'open sesam', 'open sesame!', 'another']) {
      const transcriber = connect(service, { token });
      expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_unavailable');
      expect(transcriber.state()).toMatchObject({
        condition: 'down',
        reason: expect.stringMatching(/UNAUTHENTICATED the token is missing or wrong$/),
      });
    }
  });

  it('counts what it does', async () => {
    const engine = new FakeEngine({ name: 'parrot' });
    const service = await serve([engine], { metricsPort: 0 });
    const transcriber = connect(service);
    const { MetricsServer } = await import('./metrics-server.js');
    const port = service.app.get(MetricsServer).port;
    await transcriber.transcribe(piece(2.5), NEVER);
    await code(transcriber.transcribe({ ...piece(), pcm: Buffer.alloc(3) }, NEVER));
    engine.die();
    await code(transcriber.transcribe(piece(), NEVER));
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await eventually(async () => {
      const now = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return now.includes('engine_losses_total{') && now;
    });
    expect(text).toContain('parley_whisper_pieces_total{outcome="done"} 1\n');
    expect(text).toContain('parley_whisper_pieces_total{outcome="invalid"} 1\n');
    expect(text).toContain('parley_whisper_audio_seconds_total 2.5\n');
    expect(text).toContain('parley_whisper_engine_seconds_count{engine="parrot"} 1\n');
    expect(text).toContain('parley_whisper_engine_losses_total{engine="parrot"} 1\n');
    for (const gauge of ['queued_pieces', 'busy_slots', 'slots'])
      expect(text).toContain(`parley_whisper_${gauge} 0\n`);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  });

  it('does not begin where its port is taken, and lets go of its engines', async () => {
    const first = await serve([new FakeEngine()]);
    const engine = new FakeEngine();
    const port = Number(first.address.split(':')[1]);
    await expect(serve([engine], { port })).rejects.toThrow('EADDRINUSE');
    expect(engine.closed).toBe(true);
  });
});
