import { ConsoleLogger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeEngine, piece } from '../../test/support/fake-engine.js';
import { Line } from '../../test/support/line.js';
import { eventually } from '../../test/support/talk.js';
import { GrpcTranscriber } from './grpc-transcriber.js';
import { parseAddress, type WhisperAddress } from './whisper-address.js';
import { EngineError } from './whisper-engine.js';
import { startWhisperService, type WhisperService } from './whisper-service.js';

const LONG = 60_000;
const NEVER = new AbortController().signal;
const logger = new ConsoleLogger({ logLevels: ['error', 'fatal'] });

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** A machine of one engine, `queue` pieces may wait for it. */
async function serve(engine: FakeEngine, { queue = 4, port = 0 } = {}): Promise<WhisperService> {
  const service = await startWhisperService({
    ...{ engines: [engine], host: '127.0.0.1', port, queue, graceMs: 0, logger },
  });
  open.push(service.app);
  return service;
}

const addressOf = (service: WhisperService): WhisperAddress => parseAddress(service.address)!;
const portOf = (service: WhisperService): number => Number(service.address.split(':')[1]);

function connect(addresses: WhisperAddress[], silenceMs = 5_000): GrpcTranscriber {
  const transcriber = new GrpcTranscriber({ addresses, pollMs: 50, silenceMs });
  open.push(transcriber);
  return transcriber;
}

/** Everything that is known of each service has been heard. */
const allReady = (transcriber: GrpcTranscriber) =>
  eventually(async () => transcriber.state().services.every(({ ready }) => ready));

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof EngineError ? error.code : error),
  );

describe('GrpcTranscriber', () => {
  it('shares pieces among the services by how busy they are', async () => {
    const engines = [new FakeEngine({ ms: 150, slots: 3 }), new FakeEngine({ ms: 150, slots: 1 })];
    const services = await Promise.all(engines.map((engine) => serve(engine)));
    const transcriber = connect(services.map(addressOf));
    await allReady(transcriber);
    expect(transcriber.state().places).toBe(4);
    await Promise.all(Array.from({ length: 8 }, () => transcriber.transcribe(piece(30), NEVER)));
    expect(engines.map(({ pieces }) => pieces.length)).toEqual([6, 2]);
  });

  it('sees what others have given to a service', async () => {
    const engines = [new FakeEngine({ ms: LONG, slots: 2 }), new FakeEngine({ ms: LONG, slots: 2 })];
    const services = await Promise.all(engines.map((engine) => serve(engine)));
    const other = connect([addressOf(services[0]!)]);
    const busy = [piece(), piece()].map((sent) => code(other.transcribe(sent, NEVER)));
    await eventually(async () => engines[0]!.busy === 2);
    const transcriber = connect(services.map(addressOf));
    await allReady(transcriber);
    expect(transcriber.state().services.map((service) => service.busy)).toEqual([2, 0]);
    busy.push(code(transcriber.transcribe(piece(), NEVER)));
    await eventually(async () => engines[1]!.busy === 1);
    for (const engine of engines) engine.die();
    await Promise.all(busy);
  });

  it('goes to the others where one is full, and says when all are', async () => {
    const engines = [new FakeEngine({ ms: 500 }), new FakeEngine({ ms: 500 })];
    const services = await Promise.all(engines.map((engine) => serve(engine, { queue: 1 })));
    const transcriber = connect(services.map(addressOf));
    await allReady(transcriber);
    const sent = Array.from({ length: 6 }, () => code(transcriber.transcribe(piece(), NEVER)));
    const ended = await Promise.all(sent);
    expect(ended.filter((end) => end === 'done')).toHaveLength(4);
    expect(ended.filter((end) => end === 'engine_busy')).toHaveLength(2);
  });

  it('goes elsewhere at once where an engine dies or a connection breaks', async () => {
    const engines = [new FakeEngine({ name: 'one', ms: LONG }), new FakeEngine({ name: 'two' })];
    const services = await Promise.all(engines.map((engine) => serve(engine)));
    const transcriber = connect(services.map(addressOf));
    await allReady(transcriber);
    const died = transcriber.transcribe(piece(), NEVER);
    await eventually(async () => engines[0]!.busy === 1);
    engines[0]!.die();
    expect((await died).engine).toBe('two');
    engines[0]!.revive();
    await allReady(transcriber);
    const cut = transcriber.transcribe(piece(), NEVER);
    await eventually(async () => engines[0]!.busy === 1);
    const from = performance.now();
    await services[0]!.app.close();
    expect((await cut).engine).toBe('two');
    // What closes in order first waits for two seconds.
    expect(performance.now() - from).toBeLessThan(4_000);
    await eventually(
      async () =>
        transcriber
          .state()
          .services.map(({ ready }) => ready)
          .join() === 'false,true',
    );
  });

  it('says that nothing is there, and comes back by itself when it is', async () => {
    const first = await serve(new FakeEngine());
    const transcriber = connect([addressOf(first)]);
    expect(transcriber.state()).toMatchObject({ ready: false, condition: 'starting' });
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('done');
    await first.app.close();
    await eventually(async () => transcriber.state().condition === 'down');
    expect(transcriber.state().reason).toContain(first.address);
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_unavailable');
    await serve(new FakeEngine(), { port: portOf(first) });
    await eventually(async () => (await code(transcriber.transcribe(piece(), NEVER))) === 'done');
  });

  it('asks once more before it says that none is ready', async () => {
    const engine = new FakeEngine({ ready: false });
    const service = await serve(engine);
    const transcriber = new GrpcTranscriber({ addresses: [addressOf(service)], pollMs: 3_600_000 });
    open.push(transcriber);
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_unavailable');
    engine.revive();
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('done');
    const nowhere = connect([parseAddress('127.0.0.1:1')!]);
    expect(await code(nowhere.transcribe(piece(), NEVER))).toBe('engine_unavailable');
    expect(await code(connect([]).transcribe(piece(), NEVER))).toBe('engine_unavailable');
  });

  it('takes a service that is silent for gone, and its pieces elsewhere', async () => {
    const engines = [new FakeEngine({ name: 'one', ms: LONG }), new FakeEngine({ name: 'two' })];
    const services = await Promise.all(engines.map((engine) => serve(engine)));
    const line = new Line();
    open.push({ close: () => Promise.resolve(line.end()) });
    const near = parseAddress(new URL(await line.to(portOf(services[0]!))).host)!;
    const transcriber = connect([near, addressOf(services[1]!)], 400);
    await allReady(transcriber);
    const cut = transcriber.transcribe(piece(), NEVER);
    await eventually(async () => engines[0]!.busy === 1);
    line.cut();
    expect((await cut).engine).toBe('two');
    expect(transcriber.state().services.map(({ ready }) => ready)).toEqual([false, true]);
  });

  it('rejects at once with the reason of whoever leaves, also while it asks', async () => {
    const engine = new FakeEngine({ ms: LONG });
    const line = new Line();
    open.push({ close: () => Promise.resolve(line.end()) });
    const near = parseAddress(new URL(await line.to(portOf(await serve(engine)))).host)!;
    line.cut();
    const leaving = new AbortController();
    const asking = code(connect([near]).transcribe(piece(), leaving.signal));
    leaving.abort('left');
    expect(await asking).toBe('left');
    expect(await code(connect([near]).transcribe(piece(), leaving.signal))).toBe('left');
    expect(engine.pieces).toEqual([]);
  });

  it('changes its services at run time', async () => {
    const engines = [new FakeEngine({ name: 'old', ms: 300 }), new FakeEngine({ name: 'new' })];
    const services = await Promise.all(engines.map((engine) => serve(engine)));
    const transcriber = connect([addressOf(services[0]!)]);
    const before = transcriber.transcribe(piece(), NEVER);
    await eventually(async () => engines[0]!.busy === 1);
    transcriber.use([addressOf(services[1]!)]);
    expect((await transcriber.transcribe(piece(), NEVER)).engine).toBe('new');
    expect((await before).engine).toBe('old');
    expect(transcriber.state().services.map(({ address }) => address)).toEqual([services[1]!.address]);
    await transcriber.close();
    expect(await code(transcriber.transcribe(piece(), NEVER))).toBe('engine_unavailable');
  });
});

describe('an address', () => {
  it.each([
    ['10.0.0.7:50051', '10.0.0.7:50051', false],
    ['grpc://gpu-1.internal:50051', 'gpu-1.internal:50051', false],
    ['grpcs://gpu-1.internal:443/', 'gpu-1.internal:443', true],
    ['grpc://[::1]:50051', '[::1]:50051', false],
  ])('%s', (text, target, secure) => {
    expect(parseAddress(text)).toEqual({ target, secure });
  });

  it.each([
    '',
    'gpu-1',
    'http://gpu-1:80',
    'grpc://gpu-1',
    'gpu-1:0',
    'gpu-1:70000',
    'grpc://a:1/path',
    'a b:1',
  ])('"%s" is none', (text) => expect(parseAddress(text)).toBeUndefined());
});
