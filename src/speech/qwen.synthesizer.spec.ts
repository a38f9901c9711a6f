import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { QwenSynthesizer } from './qwen.synthesizer.js';
import {
  collect,
  type Make,
  remoteSynthesizerContract,
  synthesizerContract,
} from './synthesizer.contract.js';

const make: Make = ({ upstream, switches, apiKey, timeoutMs }) =>
  new QwenSynthesizer({
    apiKey,
    baseURL: upstream.url,
    model: `qwen3-tts:${switches}`,
    voices: ['Cherry', 'Ethan'],
    timeoutMs,
  });
const running = (upstream: Upstream) => upstream.log.filter(({ closedAt }) => closedAt === null).length;

synthesizerContract('QwenSynthesizer', { make, running });
remoteSynthesizerContract('QwenSynthesizer', { make, running });

describe('QwenSynthesizer', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterAll(() => upstream.close());

  const speak = async (switches = '', language?: string) => {
    const options = { upstream, switches, apiKey: 'sk-test', timeoutMs: 5_000 };
    const request = { text: 'Hi', voice: 'Cherry', format: 'wav' as const, ...(language && { language }) };
    return collect((await make(options)).synthesize(request, new AbortController().signal));
  };

  it('sends text, voice and language, and fetches the link without its key', async () => {
    await speak('', 'en-US');
    const [asked, fetched] = upstream.log.slice(-2);
    expect(asked?.body).toEqual({
      model: 'qwen3-tts:',
      input: { text: 'Hi', voice: 'Cherry', language_type: 'English' },
    });
    expect(fetched?.protocol).toBe('link');
    expect(fetched?.headers).not.toHaveProperty('authorization');
    await speak('', 'fr');
    expect(upstream.log.at(-2)?.body).toMatchObject({ input: { text: 'Hi', voice: 'Cherry' } });
  });

  it.each(['none', 'file', 'redirect', 'missing', 'garbage'])('follows no link that is %s', async (link) => {
    await expect(speak(`link=${link}`)).rejects.toMatchObject({ code: 'speech_protocol' });
  });
});
