import { Child } from '../../test/support/child.ts';
import { eventually } from '../../test/support/talk.ts';
import {
  enginePids,
  FIXTURE_MODEL,
  FIXTURE_SHA256,
  startWhisperServer,
  whisperServerBinary,
} from '../../test/support/whisper-server.ts';
import { whisperEngineContract } from './whisper-engine.contract.js';
import { WhisperServerEngine } from './whisper-server.engine.js';

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
