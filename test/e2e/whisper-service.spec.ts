import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GrpcTranscriber } from '../../libs/whisper/grpc-transcriber.ts';
import { parseAddress } from '../../libs/whisper/whisper-address.ts';
import { EngineError, type WhisperPiece } from '../../libs/whisper/whisper-engine.ts';
import { temporaryFolder } from '../support/child.ts';
import { SENTENCES, type SentenceName, spokenPcm } from '../support/spoken.ts';
import { eventually } from '../support/talk.ts';
import { isAlive, startWhisperMachine, type WhisperMachine } from '../support/whisper-machine.ts';
import {
  enginePids,
  FIXTURE_MODEL,
  startWhisperServer,
  WHISPER_BUILD_MS,
  whisperServerBinary,
} from '../support/whisper-server.ts';

const NEVER = new AbortController().signal;
const TOKEN = 'between machines only';
const DONE = 'parley_whisper_pieces_total{outcome="done"}';

async function spoken(name: SentenceName, more: Partial<WhisperPiece> = {}): Promise<WhisperPiece> {
  return { pcm: await spokenPcm(name), task: 'transcribe', words: false, ...more };
}

const code = (error: unknown) => (error instanceof EngineError ? error.code : error);

describe('Whisper machines', () => {
  let machines: WhisperMachine[] = [];
  let transcriber: GrpcTranscriber;

  beforeAll(async () => {
    machines = await Promise.all([1, 2].map(() => startWhisperMachine({ WHISPER_TOKEN: TOKEN })));
    transcriber = connect(machines);
    await allReady();
  }, WHISPER_BUILD_MS);

  afterAll(async () => {
    await transcriber?.close();
    await Promise.all(machines.map((machine) => machine.stop()));
  });

  function connect(to: WhisperMachine[]): GrpcTranscriber {
    return new GrpcTranscriber({ addresses: to.map(({ address }) => parseAddress(address)!), token: TOKEN });
  }

  const allReady = () =>
    eventually(async () => transcriber.state().services.every(({ ready }) => ready), 20_000);

  /** The machine of that number again, at the same address. */
  async function startAgain(index: number): Promise<void> {
    const WHISPER_PORT = machines[index]!.address.split(':')[1];
    machines[index] = await startWhisperMachine({ WHISPER_TOKEN: TOKEN, WHISPER_PORT });
    await allReady();
  }

  it.each(Object.keys(SENTENCES) as SentenceName[])('understand "%s"', async (name) => {
    const { text, language, ...said } = SENTENCES[name];
    const found = await transcriber.transcribe(await spoken(name, { words: true }), NEVER);
    expect(found).toMatchObject({ language, engine: 'whisper.cpp whisper-fixture-q5_0' });
    expect(found.segments.map((segment) => segment.text).join(' ')).toBe(text);
    for (const word of found.segments.flatMap(({ words }) => words))
      expect(word).toMatchObject({ probability: expect.any(Number), start: expect.any(Number) });
    expect(found.segments.flatMap(({ words }) => words)).not.toEqual([]);
    if (!('english' in said)) return;
    const translated = await transcriber.transcribe(
      await spoken(name, { language, task: 'translate' }),
      NEVER,
    );
    expect(translated.segments.map((segment) => segment.text).join(' ')).toBe(said.english);
  });

  it('share what there is to do', async () => {
    const before = await Promise.all(machines.map((machine) => machine.counts()));
    const piece = await spoken('fox', { language: 'en' });
    const found = await Promise.all(Array.from({ length: 8 }, () => transcriber.transcribe(piece, NEVER)));
    for (const { segments } of found) expect(segments[0]?.text).toBe(SENTENCES.fox.text);
    const after = await Promise.all(machines.map((machine) => machine.counts()));
    const shares = after.map((counts, index) => counts.get(DONE)! - (before[index]!.get(DONE) ?? 0));
    expect(shares[0]! + shares[1]!).toBe(8);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(2);
  });

  it('take over from one that is killed in the middle', async () => {
    const piece = await spoken('weather', { language: 'en' });
    for (let index = 0; index < 4; index += 1) {
      const sent = Array.from({ length: 4 }, () => transcriber.transcribe(piece, NEVER));
      await sleep(30 * index);
      const victim = index % 2;
      await machines[victim]!.kill();
      for (const { segments } of await Promise.all(sent))
        expect(segments[0]?.text).toBe(SENTENCES.weather.text);
      await startAgain(victim);
    }
  }, 120_000);

  it('take over when an engine is killed in the middle, and start it again', async () => {
    const piece = await spoken('reminder', { language: 'en' });
    for (let index = 0; index < 4; index += 1) {
      const sent = Array.from({ length: 4 }, () => transcriber.transcribe(piece, NEVER));
      await sleep(30 * index);
      const [engine] = enginePids(machines[index % 2]!.pid);
      process.kill(engine!, 'SIGKILL');
      for (const { segments } of await Promise.all(sent))
        expect(segments[0]?.text).toBe(SENTENCES.reminder.text);
      await eventually(async () => {
        const [now] = enginePids(machines[index % 2]!.pid);
        return now !== undefined && now !== engine;
      }, 15_000);
      await allReady();
    }
  }, 120_000);

  it('take over from one that is silent, and get it back when it speaks again', async () => {
    const piece = await spoken('hello', { language: 'en' });
    machines[0]!.signal('SIGSTOP');
    try {
      const sent = Array.from({ length: 3 }, () => transcriber.transcribe(piece, NEVER));
      for (const { segments } of await Promise.all(sent))
        expect(segments[0]?.text).toBe(SENTENCES.hello.text);
    } finally {
      machines[0]!.signal('SIGCONT');
    }
    await allReady();
  }, 60_000);

  it('stop working for whoever leaves', async () => {
    const clip = await spokenPcm('summarize');
    const pcm = Buffer.concat([...Array.from({ length: 12 }, () => clip)]).subarray(0, 960_000);
    for (let index = 0; index < 5; index += 1) {
      const leaving = new AbortController();
      const left = transcriber.transcribe(
        { pcm, task: 'transcribe', words: false, language: 'en' },
        leaving.signal,
      );
      await sleep(40 + 20 * index);
      leaving.abort('left');
      await expect(left).rejects.toBe('left');
      await eventually(async () => {
        const counts = await Promise.all(machines.map((machine) => machine.counts()));
        return counts.every((count) => count.get('parley_whisper_busy_slots') === 0);
      }, 1_500);
    }
    const { segments } = await transcriber.transcribe(await spoken('thanks', { language: 'en' }), NEVER);
    expect(segments[0]?.text).toBe(SENTENCES.thanks.text);
  });

  it('finish what they have when they are told to end, and end with code 0', async () => {
    const only = connect([machines[1]!]);
    const piece = await spoken('memory', { language: 'en' });
    const sent = Array.from({ length: 3 }, () => only.transcribe(piece, NEVER));
    // What has not arrived by then is refused, and goes elsewhere.
    await eventually(async () => (await machines[1]!.counts()).get('parley_whisper_queued_pieces') === 2);
    const stopped = await machines[1]!.stop();
    for (const { segments } of await Promise.all(sent)) expect(segments[0]?.text).toBe(SENTENCES.memory.text);
    expect(stopped).toMatchObject({ code: 0, signal: null });
    expect(stopped.ms).toBeLessThan(15_000);
    await expect(only.transcribe(piece, NEVER)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await only.close();
    await startAgain(1);
  }, 60_000);

  it('refuse who does not know the token', async () => {
    const stranger = new GrpcTranscriber({ addresses: [parseAddress(machines[0]!.address)!] });
    const refused = await stranger.transcribe(await spoken('fox'), NEVER).catch(code);
    expect(refused).toBe('engine_unavailable');
    expect(stranger.state().reason).toContain('UNAUTHENTICATED');
    await stranger.close();
  });

  it('write no word of what was said', () => {
    const logs = machines.map((machine) => machine.logs()).join('\n');
    for (const { text } of Object.values(SENTENCES)) {
      for (const word of text.split(/[ ,.?，。？]+/).filter(({ length }) => length > 6))
        expect(logs).not.toContain(word);
    }
  });
});

describe('a Whisper machine', () => {
  const open: { stop(): Promise<unknown> }[] = [];
  const MAIN = resolve(import.meta.dirname, '../../dist/src/main.whisper.js');

  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.stop();
  });

  /** What it writes when it cannot start. */
  function refusal(env: Record<string, string>): Promise<string> {
    const options = {
      cwd: temporaryFolder('cwd'),
      env: { PATH: process.env.PATH, WHISPER_PORT: '0', ...env },
    };
    return new Promise((done, reject) => {
      execFile(process.execPath, [MAIN], { ...options, timeout: 20_000 }, (error, _, stderr) => {
        if (error?.code === 1) done(stderr);
        else reject(error ?? new Error('it started'));
      });
    });
  }

  it(
    'works with whisper-servers that run already',
    async () => {
      const servers = await Promise.all([1, 2].map(() => startWhisperServer({ args: ['-t', '1'] })));
      for (const { child } of servers) open.push(child);
      const machine = await startWhisperMachine({
        WHISPER_MODEL: undefined,
        WHISPER_SERVER_BIN: undefined,
        WHISPER_SERVER_URL: servers.map(({ url }) => url).join(','),
      });
      open.push(machine);
      const transcriber = new GrpcTranscriber({ addresses: [parseAddress(machine.address)!] });
      open.push({ stop: () => transcriber.close() });
      await eventually(async () => transcriber.state().places === 2, 10_000);
      const piece = await spoken('xiexie', { language: 'zh' });
      const found = await Promise.all([1, 2, 3].map(() => transcriber.transcribe(piece, NEVER)));
      for (const { segments } of found) expect(segments[0]?.text).toBe(SENTENCES.xiexie.text);
    },
    WHISPER_BUILD_MS,
  );

  it('runs one engine for each device', async () => {
    const machine = await startWhisperMachine({ WHISPER_DEVICES: 'cpu,cpu', WHISPER_THREADS: '1' });
    open.push(machine);
    await eventually(async () => (await machine.counts()).get('parley_whisper_slots') === 2, 20_000);
    const pids = enginePids(machine.pid);
    expect(pids).toHaveLength(2);
    // None outlives it, however it goes.
    await machine.kill();
    await eventually(async () => pids.every((pid) => !isAlive(pid)), 5_000);
  });

  it('says in one line what it lacks, and ends with code 1', async () => {
    const WHISPER_SERVER_BIN = await whisperServerBinary();
    const there = { WHISPER_SERVER_BIN, WHISPER_MODEL: FIXTURE_MODEL };
    const lines = await Promise.all([
      refusal({ ...there, WHISPER_MODEL: '/no/such/model.bin' }),
      refusal({ ...there, WHISPER_SERVER_BIN: '/no/such/program' }),
      refusal({ ...there, WHISPER_MODEL_SHA256: 'a'.repeat(64) }),
      refusal({ ...there, WHISPER_PORT: 'fifty' }),
      refusal({ HOME: temporaryFolder('home'), PATH: '/usr/bin' }),
    ]);
    for (const line of lines) expect(line).toMatch(/^Parley cannot start: [^\n]+\n$/);
    expect(lines[0]).toContain('scripts/get-whisper-model base');
    expect(lines[1]).toContain('scripts/build-whisper');
    expect(lines[2]).toContain('sha256');
    expect(lines[3]).toContain('WHISPER_PORT');
    expect(lines[4]).toContain('scripts/build-whisper');
  }, 30_000);
});
