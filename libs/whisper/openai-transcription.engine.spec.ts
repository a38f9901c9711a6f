import { startOpenAiPeer } from '../../test/support/openai-peer.ts';
import { OpenAiTranscriptionEngine } from './openai-transcription.engine.js';
import { whisperEngineContract } from './whisper-engine.contract.js';

whisperEngineContract('OpenAiTranscriptionEngine', async () => {
  const peer = await startOpenAiPeer();
  return {
    engine: new OpenAiTranscriptionEngine({ baseUrl: peer.baseUrl, model: 'whisper-1', slots: 1 }),
    kill: () => peer.child.kill(),
    revive: () => peer.revive(),
    stop: () => peer.stop(),
  };
});
