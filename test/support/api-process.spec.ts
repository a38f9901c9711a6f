import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startApi } from './api-process.ts';
import { temporaryFolder } from './child.ts';

/** A process that is started in place of the API. */
function entry(source: string): string {
  const file = join(temporaryFolder('entry'), 'main.mjs');
  writeFileSync(file, source);
  return file;
}

const LISTEN = `console.log(JSON.stringify({ message: 'Parley listens on http://127.0.0.1:4321' }));`;

describe('startApi', () => {
  it('gives the address, the environment it was told and nothing else, and the log', async () => {
    const source = `console.log(JSON.stringify(process.env) + process.cwd()); ${LISTEN} setInterval(() => {}, 1000);`;
    const api = await startApi({ entry: entry(source), env: { EXTRA: 'x', NODE_ENV: undefined } });
    expect(api.url).toBe('http://127.0.0.1:4321');
    expect(Object.keys(api.env).sort()).toEqual([
      'AUTO_TITLES',
      'DATA_DIR',
      'EXTRA',
      'HOST',
      'PATH',
      'PORT',
      'RATE_LIMIT_SCALE',
    ]);
    expect(await api.stop()).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(api.logs()).toContain('"EXTRA":"x"');
    expect(api.logs()).not.toContain(process.cwd() + '"');
  });

  it('says with which code the process ended, and how long that took', async () => {
    const source = `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50)); ${LISTEN} setInterval(() => {}, 1000);`;
    const api = await startApi({ entry: entry(source) });
    const { code, ms } = await api.stop();
    expect(code).toBe(7);
    expect(ms).toBeGreaterThan(40);
  });

  it('kills', async () => {
    const source = `process.on('SIGTERM', () => {}); ${LISTEN} setInterval(() => {}, 1000);`;
    const api = await startApi({ entry: entry(source) });
    await api.kill();
    expect(await api.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('rejects with what was written when the process does not start', async () => {
    const failing = entry(`console.error('Parley cannot start: JWT_SECRET is missing'); process.exit(1);`);
    await expect(startApi({ entry: failing })).rejects.toThrow(/exit code 1[^]*JWT_SECRET is missing/);
    const silent = entry(`console.log('thinking'); setInterval(() => {}, 1000);`);
    await expect(startApi({ entry: silent, startTimeoutMs: 300 })).rejects.toThrow(
      /within 300 ms[^]*thinking/,
    );
  });
});
