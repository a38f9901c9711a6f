import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../test/support/child.ts';
import { fakeWhisperServer } from '../../test/support/fake-whisper-server.ts';
import { silence } from '../../test/support/spoken.ts';
import { eventually } from '../../test/support/talk.ts';
import { FIXTURE_MODEL, FIXTURE_SHA256 } from '../../test/support/whisper-server.ts';
import { engineEnvironment, type SupervisedServerOptions } from './supervised-server.js';
import { piece, refusalOf } from './whisper-engine-setup.contract.js';
import { EngineError } from './whisper-engine.js';
import { WhisperServerEngine } from './whisper-server.engine.js';

const NEVER = new AbortController().signal;
const SOON_MS = 20_000;
const TEST_MS = 40_000;

const opened: WhisperServerEngine[] = [];
let log: { level: string; line: string }[];

beforeEach(() => {
  log = [];
  for (const level of ['debug', 'log', 'warn', 'error'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => {
      log.push({ level, line: String(line) });
    });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
  vi.restoreAllMocks();
});

function make(over: Partial<SupervisedServerOptions> = {}): WhisperServerEngine {
  const engine = WhisperServerEngine.supervised({
    binary: fakeWhisperServer(),
    model: FIXTURE_MODEL,
    ...over,
  });
  opened.push(engine);
  return engine;
}

async function refusal(engine: WhisperServerEngine): Promise<string> {
  const error: unknown = await engine.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  const { code, message } = error as EngineError;
  expect(code).toBe('engine_refused');
  expect(message).not.toContain('\n');
  expect(engine.ready()).toBe(false);
  return message;
}

const linesOf = (...levels: string[]) =>
  log.filter(({ level }) => levels.includes(level)).map(({ line }) => line);

describe('What cannot be is said at the start', () => {
  it('for a program that is not there', async () => {
    expect(await refusal(make({ binary: '/nowhere/whisper-server' }))).toBe(
      'whisper-server is not at /nowhere/whisper-server: scripts/build-whisper builds it',
    );
  });

  it('for a model that is not there, or is none', async () => {
    expect(await refusal(make({ model: '/nowhere/ggml-base.bin' }))).toBe(
      'There is no Whisper model at /nowhere/ggml-base.bin: scripts/get-whisper-model base downloads one',
    );
    const page = join(temporaryFolder('model'), 'ggml-base.bin');
    writeFileSync(page, '<html>Not found</html>');
    expect(await refusal(make({ model: page }))).toContain('is no ggml model');
  });

  it('for a model that is another one', async () => {
    const sum = FIXTURE_SHA256.replace(/^./, (first) => (first === '0' ? '1' : '0'));
    expect(await refusal(make({ sha256: sum }))).toContain(`its sha256 is ${FIXTURE_SHA256}`);
    const engine = make({ sha256: FIXTURE_SHA256.toUpperCase() });
    await engine.start();
    await eventually(async () => engine.ready(), SOON_MS);
  });
});

describe('A supervised whisper-server', { timeout: TEST_MS }, () => {
  it('gets its device, its threads and what it is given of the environment', async () => {
    const seen = join(temporaryFolder('seen'), 'seen.json');
    const first = `require('node:fs').writeFileSync(${JSON.stringify(seen)},
      JSON.stringify({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd() }));`;
    process.env.PARLEY_TEST_SECRET = 'secret';
    const model = relative(process.cwd(), FIXTURE_MODEL);
    const environment = { LD_LIBRARY_PATH: '/usr/local/cuda' };
    const engine = make({ binary: fakeWhisperServer(first), model, device: 3, threads: 7, environment });
    await engine.start();
    await eventually(async () => engine.ready(), SOON_MS);
    delete process.env.PARLEY_TEST_SECRET;
    const { argv, env, cwd } = JSON.parse(readFileSync(seen, 'utf8')) as {
      argv: string[];
      env: Record<string, string>;
      cwd: string;
    };
    expect(argv.slice(0, 2)).toEqual(['--host', '127.0.0.1']);
    expect(argv[5]).toMatch(/^\/[\da-f-]{36}$/);
    expect(argv.slice(6)).toEqual(['-m', FIXTURE_MODEL, '-t', '7']);
    expect(env).toMatchObject({
      ...environment,
      CUDA_VISIBLE_DEVICES: '3',
      GGML_VK_VISIBLE_DEVICES: '3',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    });
    expect(JSON.stringify(env)).not.toContain('secret');
    expect(cwd).toBe('/');
  });

  it('tells nothing that it writes but to who looks for faults', async () => {
    const engine = make();
    await engine.start();
    await eventually(async () => engine.ready() && linesOf('debug').includes('heard: a secret'), SOON_MS);
    expect(linesOf('log', 'warn', 'error').join()).not.toContain('secret');
  });

  it('is tried again when it does not start, with its last words', async () => {
    const marker = join(temporaryFolder('marker'), 'marker');
    const first = `const fs = require('node:fs');
      const marker = ${JSON.stringify(marker)};
      fs.appendFileSync(marker, 'x');
      if (fs.readFileSync(marker, 'utf8').length < 3) { console.error('no memory on the device'); process.exit(3); }`;
    const engine = make({ binary: fakeWhisperServer(first) });
    await engine.start();
    expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_unavailable');
    await eventually(async () => engine.ready(), SOON_MS);
    expect(linesOf('error')).toEqual(
      [1, 2].map(
        () => 'whisper.cpp whisper-fixture-q5_0 did not start (exit code 3): no memory on the device',
      ),
    );
  });

  it('is ended and started again when it works on for nobody', async () => {
    const engine = make();
    await engine.start();
    await eventually(async () => engine.ready(), SOON_MS);
    const caller = new AbortController();
    const given = engine.transcribe(piece(silence(1)), caller.signal);
    await eventually(
      async () => linesOf('debug').filter((line) => line.startsWith('heard')).length > 1,
      SOON_MS,
    );
    const from = performance.now();
    caller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    expect(performance.now() - from).toBeLessThan(5_000);
    await eventually(async () => linesOf('warn').length === 1 && engine.ready(), SOON_MS);
    expect(linesOf('warn')[0]).toContain('ended (signal 9) and is started again');
  });

  it('can be closed while it starts, and before', async () => {
    const slow = make({ binary: fakeWhisperServer('while (true) {}') });
    await slow.start();
    await slow.close();
    const never = make();
    await never.close();
    expect(linesOf('warn', 'error')).toEqual([]);
  });
});

describe('What an engine sees of the environment', () => {
  it('is where libraries and devices are, and no key', () => {
    const all = {
      ...{ PATH: '/bin', HOME: '/home/x', LD_LIBRARY_PATH: '/lib', CUDA_CACHE_PATH: '/c', GGML_X: '1' },
      ...{ OPENAI_API_KEY: 'sk', DATABASE_URL: 'mysql://', JWT_SECRET: 's', MY_PATH: 'x', TMPDIR: undefined },
    };
    expect(engineEnvironment(all)).toEqual({
      ...{ PATH: '/bin', HOME: '/home/x', LD_LIBRARY_PATH: '/lib', CUDA_CACHE_PATH: '/c', GGML_X: '1' },
    });
  });
});
