import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { OpenAiSynthesizer } from './openai.synthesizer.js';
import {
  collect,
  type Make,
  remoteSynthesizerContract,
  synthesizerContract,
} from './synthesizer.contract.js';

const make: Make = ({ upstream, switches, apiKey, timeoutMs }) =>
  new OpenAiSynthesizer({
    apiKey,
    baseURL: `${upstream.url}/v1`,
    model: `tts:${switches}`,
    voices: ['alloy', 'nova'],
    timeoutMs,
  });
const running = (upstream: Upstream) => upstream.log.filter(({ closedAt }) => closedAt === null).length;

synthesizerContract('OpenAiSynthesizer', { make, running });
remoteSynthesizerContract('OpenAiSynthesizer', { make, running });

describe('OpenAiSynthesizer', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterAll(() => upstream.close());

  const speak = (more: object = {}) =>
    collect(
      new OpenAiSynthesizer({
        baseURL: `${upstream.url}/v1`,
        model: 'tts',
        voices: ['nova'],
        timeoutMs: 5_000,
        ...more,
      }).synthesize(
        { text: 'Hi', voice: 'nova', format: 'opus', language: 'en' },
        new AbortController().signal,
      ),
    );

  it('sends what was asked, and nothing that was not', async () => {
    await speak({ apiKey: 'sk-test' });
    expect(upstream.log.at(-1)?.body).toEqual({
      model: 'tts',
      input: 'Hi',
      voice: 'nova',
      response_format: 'opus',
    });
    await speak({ apiKey: 'sk-test', instructions: 'Slowly.' });
    expect(upstream.log.at(-1)?.body).toMatchObject({ instructions: 'Slowly.' });
    await expect(speak()).rejects.toMatchObject({ code: 'speech_auth' });
    expect(upstream.log.at(-1)?.headers).not.toHaveProperty('authorization');
  });
});
