import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { embeddedPid, isAlive } from '../support/whisper-machine.ts';
import { enginePids, FIXTURE_MODEL, whisperServerBinary } from '../support/whisper-server.ts';

const WHISPER_SERVER_BIN = await whisperServerBinary();
const ENGINE = 'whisper.cpp whisper-fixture-q5_0';
const PATIENCE_MS = 30_000;

/** What the API says of speech, here and in its health. */
async function stateOf(client: ApiClient): Promise<string> {
  const { body } = await client.get('speech', { expect: 200 });
  const { body: health } = await client.get('/health/ready', { expect: 200 });
  return `${body.transcription.state} ${health.speech}`;
}

describe('speech, where an engine and a model are there and no Whisper machine is named', () => {
  const ctx = useApi({
    upstream: false,
    env: { WHISPER_SERVER_BIN, WHISPER_MODEL: FIXTURE_MODEL, WHISPER_THREADS: '1' },
  });
  let client: ApiClient;
  /** Who runs jobs. */
  let host: ApiProcess;

  beforeAll(async () => {
    client = await ctx.register();
    host = ctx.api;
    // With Redis the API runs no jobs, and so has no engine.
    if (ctx.dialect === 'mariadb') host = await ctx.startWorker();
  });

  const ready = () => eventually(async () => (await stateOf(client)) === 'ready ready', PATIENCE_MS);

  it('is there, in a process of its own', async () => {
    await ready();
    const { body } = await client.get('speech', { expect: 200 });
    expect(body.transcription).toEqual({
      ...{ state: 'ready', engines: [ENGINE], places: 1 },
      ...{ reason: null, commands: [] },
    });
    expect(embeddedPid(host.pid)).toBeGreaterThan(0);
    if (host !== ctx.api) expect(embeddedPid(ctx.api.pid)).toBeUndefined();
    await ctx.client.get('speech', { expect: 401 });
  });

  it.each(['the Whisper process', 'its engine'])(
    'comes back when %s is killed',
    async (victim) => {
      await ready();
      for (let index = 0; index < 3; index += 1) {
        const pid = () => (victim === 'its engine' ? enginePids(host.pid)[0] : embeddedPid(host.pid));
        const before = await eventually(async () => pid(), PATIENCE_MS);
        process.kill(before, 'SIGKILL');
        await eventually(async () => ![undefined, before].includes(pid()), PATIENCE_MS);
        await eventually(async () => enginePids(host.pid).length === 1, PATIENCE_MS);
        await ready();
      }
    },
    120_000,
  );

  it.each(['stop', 'kill'] as const)('ends with its process: %s', async (way) => {
    const another = await startApi({ env: { ...host.env, REDIS_URL: undefined } });
    const whisper = await eventually(async () => embeddedPid(another.pid), PATIENCE_MS);
    const [engine] = await eventually(async () => {
      const pids = enginePids(another.pid);
      return pids.length > 0 && pids;
    }, PATIENCE_MS);
    await another[way]();
    await eventually(async () => !isAlive(whisper) && !isAlive(engine!), 10_000);
  });
});

describe('speech, where it is not set up', () => {
  const open: ApiProcess[] = [];

  afterEach(() => Promise.all(open.splice(0).map((api) => api.stop())));

  it('says so, with the commands that set it up, and is there when they were run', async () => {
    const dir = temporaryFolder('data');
    const api = await startApi({ dir, env: { WHISPER_SERVER_BIN } });
    open.push(api);
    const client = await new ApiClient(api.url).register();
    await eventually(async () => (await stateOf(client)) === 'not_set_up not_set_up', PATIENCE_MS);
    const { body } = await client.get('speech', { expect: 200 });
    expect(body.transcription).toMatchObject({
      engines: [],
      places: 0,
      commands: ['scripts/build-whisper', 'scripts/get-whisper-model base'],
    });
    expect(body.transcription.reason).toContain('no Whisper model');
    expect(embeddedPid(api.pid)).toBeUndefined();
    mkdirSync(join(dir, 'models'));
    copyFileSync(FIXTURE_MODEL, join(dir, 'models', basename(FIXTURE_MODEL)));
    await eventually(async () => (await stateOf(client)) === 'ready ready', PATIENCE_MS);
  }, 60_000);

  it('says why an engine does not start, in its log', async () => {
    const env = { WHISPER_SERVER_BIN, WHISPER_MODEL: FIXTURE_MODEL, WHISPER_MODEL_SHA256: 'a'.repeat(64) };
    const api = await startApi({ env });
    open.push(api);
    const client = await new ApiClient(api.url).register();
    await eventually(async () => (await stateOf(client)) === 'down down', PATIENCE_MS);
    expect(api.logs()).toContain('sha256');
    const { body } = await client.get('speech', { expect: 200 });
    expect(body.transcription).toMatchObject({ reason: null, commands: [] });
  }, 60_000);
});
