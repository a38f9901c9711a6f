import { describe, expect, it } from 'vitest';
import { Child } from '../../test/support/child.ts';
import { silence } from '../../test/support/spoken.ts';
import { StandIn } from '../../test/support/stand-in.ts';
import { eventually } from '../../test/support/talk.ts';
import {
  enginePids,
  FIXTURE_MODEL,
  FIXTURE_SHA256,
  startWhisperServer,
  whisperServerBinary,
} from '../../test/support/whisper-server.ts';
import { answering, HEARD, transcriptionFaults } from './transcription-faults.contract.js';
import { whisperEngineContract } from './whisper-engine.contract.js';
import { piece } from './whisper-engine-setup.contract.js';
import { EngineError } from './whisper-engine.js';
import { WhisperServerEngine } from './whisper-server.engine.js';

const NEVER = new AbortController().signal;

whisperEngineContract('WhisperServerEngine over a child', async () => {
  const binary = await whisperServerBinary();
  const model = { model: FIXTURE_MODEL, sha256: FIXTURE_SHA256 };
  const engine = WhisperServerEngine.supervised({ binary, ...model, device: 'cpu', threads: 1 });
  return {
    engine,
    kill: async () => {
      const [pid] = await eventually(async () => (enginePids().length === 1 ? enginePids() : false));
      process.kill(pid!, 'SIGKILL');
    },
  };
});

whisperEngineContract('WhisperServerEngine over an address', async () => {
  let server = await startWhisperServer({ args: ['-t', '1'] });
  let child: Child = server.child;
  return {
    engine: WhisperServerEngine.at({ address: server.url, name: 'whisper.cpp fixture' }),
    kill: () => child.kill(),
    revive: async () => {
      server = await startWhisperServer({ args: ['-t', '1'], port: server.port });
      child = server.child;
    },
    stop: async () => void (await child.stop()),
  };
});

transcriptionFaults('WhisperServerEngine', (address) => WhisperServerEngine.at({ address }), {
  of500: 'engine_failed',
  of429: 'engine_refused',
});

describe('WhisperServerEngine', () => {
  it('says everything with each piece, so that nothing stays from the one before', async () => {
    const server = await new StandIn().start();
    server.play = answering(200, HEARD);
    const engine = WhisperServerEngine.at({ address: `${server.url}/behind/a/path` });
    await engine.start();
    await eventually(async () => engine.ready());
    const prompt = 'Höflich\r\n--x "quoted" 你好';
    await engine.transcribe(
      piece(silence(1), { task: 'translate', language: 'zh', words: true, prompt }),
      NEVER,
    );
    await engine.transcribe(piece(silence(1)), NEVER);
    const always = {
      response_format: ['verbose_json'],
      temperature: ['0'],
      max_len: ['1000000'],
      no_language_probabilities: ['true'],
    };
    expect(server.asked.map(({ path, fields }) => ({ path, fields }))).toEqual([
      {
        path: '/behind/a/path/inference',
        fields: {
          ...always,
          ...{ language: ['zh'], translate: ['true'], token_timestamps: ['true'], prompt: [prompt] },
        },
      },
      {
        path: '/behind/a/path/inference',
        fields: { ...always, ...{ language: ['auto'], translate: ['false'], token_timestamps: ['false'] } },
      },
    ]);
    await engine.close();
    await server.stop();
  });

  it('gives its place back as soon as the server has stopped', async () => {
    const server = await new StandIn().start();
    const engine = WhisperServerEngine.at({ address: server.url });
    await engine.start();
    await eventually(async () => engine.ready());
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      server.play = () => undefined;
      const caller = new AbortController();
      const given = engine.transcribe(piece(silence(1)), caller.signal);
      await eventually(async () => server.asked.length === 2 * n + 1);
      server.play = answering(200, HEARD);
      const from = performance.now();
      caller.abort(new Error('gone'));
      await expect(given).rejects.toThrow('gone');
      await engine.transcribe(piece(silence(1)), NEVER);
      times.push(performance.now() - from);
    }
    // Half a second is for servers that do not stop; a busy machine is not busy five times.
    expect(Math.min(...times)).toBeLessThan(400);
    await engine.close();
    await server.stop();
  });

  it('gives a place at a server back that does not stop', async () => {
    const server = await new StandIn({ stubborn: true }).start();
    server.play = () => undefined;
    const engine = WhisperServerEngine.at({ address: server.url });
    await engine.start();
    await eventually(async () => engine.ready());
    const caller = new AbortController();
    const given = engine.transcribe(piece(silence(1)), caller.signal);
    await eventually(async () => server.asked.length === 1);
    caller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    server.play = answering(200, HEARD);
    const from = performance.now();
    await engine.transcribe(piece(silence(1)), NEVER);
    expect(performance.now() - from).toBeLessThan(5_000);
    await engine.close();
    await server.stop();
  });

  it('takes addresses of HTTP alone', () => {
    for (const address of ['', 'host:8080', 'ftp://host', '/path'])
      expect(() => WhisperServerEngine.at({ address })).toThrow(EngineError);
  });
});
