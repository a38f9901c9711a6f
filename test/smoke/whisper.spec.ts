import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcTranscriber } from '../../libs/whisper/grpc-transcriber.ts';
import { parseAddress } from '../../libs/whisper/whisper-address.ts';
import { Child, temporaryFolder } from '../support/child.ts';
import { SENTENCES, spokenPcm } from '../support/spoken.ts';
import { FIXTURE_MODEL, WHISPER_BUILD_MS, whisperServerBinary } from '../support/whisper-server.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.whisper.js');

describe('the built Whisper machine, with the environment alone', () => {
  const open: Child[] = [];

  afterEach(async () => {
    for (const child of open.splice(0)) await child.stop();
  });

  /** As an operator starts it in production: nothing of the API's is set. */
  async function start(
    cwd: string,
    env: Record<string, string> = {},
  ): Promise<{ child: Child; address: string }> {
    const own = {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      WHISPER_PORT: '0',
      WHISPER_THREADS: '1',
      WHISPER_MODEL: FIXTURE_MODEL,
      WHISPER_SERVER_BIN: await whisperServerBinary(),
    };
    const child = new Child(process.execPath, [MAIN], { cwd, env: { ...own, ...env } });
    open.push(child);
    const [, address] = await child.waitFor(/Parley Whisper listens on ([\d.]+:\d+)/, 20_000);
    return { child, address: address! };
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'comes up in any folder, turns speech into text, and ends with code 0 at %s',
    async (signal) => {
      const cwd = temporaryFolder('cwd');
      const { child, address } = await start(cwd);
      expect(address).toMatch(/^127\.0\.0\.1:/);
      const transcriber = new GrpcTranscriber({ addresses: [parseAddress(address)!] });
      while (!transcriber.state().ready) await new Promise((done) => setTimeout(done, 20));
      const piece = { pcm: await spokenPcm('fox'), task: 'transcribe', words: false } as const;
      const { segments, language } = await transcriber.transcribe(piece, new AbortController().signal);
      expect([language, segments[0]?.text]).toEqual(['en', SENTENCES.fox.text]);
      child.signal(signal);
      expect(await child.exited).toEqual({ code: 0, signal: null });
      await transcriber.close();
      expect(readdirSync(cwd)).toEqual([]);
      const lines = child.output().trim().split('\n');
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 'log' });
    },
    WHISPER_BUILD_MS,
  );

  it('says in one line that its port is taken, and ends with code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    for (const variable of ['WHISPER_PORT', 'WHISPER_METRICS_PORT']) {
      const env = {
        PATH: process.env['PATH'],
        WHISPER_PORT: '0',
        WHISPER_MODEL: FIXTURE_MODEL,
        WHISPER_SERVER_BIN: await whisperServerBinary(),
        [variable]: String(port),
      };
      const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
        const options = { cwd: temporaryFolder('cwd'), env, timeout: 20_000 };
        execFile(process.execPath, [MAIN], options, (error, _, text) =>
          done({ code: error?.code, stderr: text }),
        );
      });
      expect([variable, code]).toEqual([variable, 1]);
      expect(stderr).toMatch(/^Parley cannot start: [^\n]*EADDRINUSE[^\n]*\n$/);
      expect(stderr).toContain(String(port));
    }
    other.close();
  });
});
