import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIXTURE_MODEL } from '../../test/support/whisper-server.js';
import { loadWhisperEnv } from '../config/whisper-env.js';
import { findSetup, type WhisperSetup } from './whisper-setup.js';

const SECRETS = {
  DATABASE_URL: 'mariadb://parley:database-password@db/parley',
  JWT_SECRET: 'a signing secret that is nobody else’s',
  OPENAI_API_KEY: 'a language model key',
};

let dir: string;
let binary: string;
const before = { ...process.env };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parley-setup-'));
  binary = join(dir, 'whisper-server');
  writeFileSync(binary, '');
  chmodSync(binary, 0o755);
  Object.assign(process.env, SECRETS, { XDG_CACHE_HOME: dir });
});

afterEach(() => {
  for (const name of [...Object.keys(SECRETS), 'XDG_CACHE_HOME']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  rmSync(dir, { recursive: true, force: true });
});

const find = (source: NodeJS.ProcessEnv) => findSetup(loadWhisperEnv({ DATA_DIR: dir, ...source }));

function environmentOf(setup: WhisperSetup): Record<string, string> {
  if ('missing' in setup) throw new Error(setup.missing);
  expect(setup.environment['WHISPER_TOKEN']).toBe(setup.token);
  return setup.environment;
}

describe('findSetup', () => {
  it('tells the child what it needs, and nobody else where it is', async () => {
    const source = {
      WHISPER_SERVER_BIN: binary,
      WHISPER_MODEL: FIXTURE_MODEL,
      WHISPER_DEVICES: '0,cpu',
      WHISPER_TOKEN: 'of the machines elsewhere',
      WHISPER_PORT: '50051',
      WHISPER_METRICS_PORT: '9464',
      WHISPER_HOST: '0.0.0.0',
    };
    const environment = environmentOf(await find(source));
    expect(environment).toMatchObject({
      WHISPER_SERVER_BIN: binary,
      WHISPER_MODEL: FIXTURE_MODEL,
      WHISPER_HOST: '127.0.0.1',
      WHISPER_PORT: '0',
      WHISPER_METRICS_PORT: '',
    });
    expect(environment['PATH']).toBe(process.env['PATH']);
    expect(environment['WHISPER_TOKEN']).toMatch(/^[\w-]{43}$/);
    expect(loadWhisperEnv(environment).WHISPER_DEVICES).toEqual([0, 'cpu']);
    expect(environmentOf(await find(source))['WHISPER_TOKEN']).not.toBe(environment['WHISPER_TOKEN']);
  });

  it('tells it no secret of the API', async () => {
    const environment = environmentOf(
      await find({ WHISPER_SERVER_BIN: binary, WHISPER_MODEL: FIXTURE_MODEL }),
    );
    for (const [name, value] of Object.entries(SECRETS)) {
      expect(process.env[name]).toBe(value);
      expect(Object.keys(environment)).not.toContain(name);
      expect(Object.values(environment)).not.toContain(value);
    }
  });

  it('finds a model that comes later', async () => {
    const missing = await find({ WHISPER_SERVER_BIN: binary });
    expect(missing).toEqual({ missing: expect.stringContaining('scripts/get-whisper-model base') });
    mkdirSync(join(dir, 'models'));
    copyFileSync(FIXTURE_MODEL, join(dir, 'models', 'ggml-tiny.bin'));
    const environment = environmentOf(await find({ WHISPER_SERVER_BIN: binary }));
    expect(environment['WHISPER_MODEL']).toBe(join(dir, 'models', 'ggml-tiny.bin'));
  });

  it('needs neither where a server is named', async () => {
    for (const source of [
      { WHISPER_SERVER_URL: 'http://127.0.0.1:8080' },
      { WHISPER_OPENAI_API_KEY: 'key', WHISPER_OPENAI_MODEL: 'large-v3' },
    ]) {
      expect(environmentOf(await find(source))).toMatchObject(source);
    }
  });
});
