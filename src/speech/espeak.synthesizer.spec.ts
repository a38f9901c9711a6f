import { describe, expect, it } from 'vitest';
import { childProcesses, probe } from '../../test/support/audio.ts';
import { EspeakSynthesizer } from './espeak.synthesizer.js';
import { collect, SENTENCE, synthesizerContract } from './synthesizer.contract.js';

const find = async (timeoutMs = 20_000) => (await EspeakSynthesizer.find(timeoutMs))!;

synthesizerContract('EspeakSynthesizer', {
  make: ({ timeoutMs }) => find(timeoutMs),
  running: () => childProcesses('espeak-ng').length + childProcesses('ffmpeg').length,
});

describe('EspeakSynthesizer', () => {
  const speak = async (text: string, voice = 'en-us', timeoutMs?: number) => {
    const synthesizer = await find(timeoutMs);
    return collect(synthesizer.synthesize({ text, voice, format: 'wav' }, new AbortController().signal));
  };

  it('knows its voices by language, the usual ones first', async () => {
    const voices = (await find()).voices();
    expect(voices.slice(0, 3).map(({ id, language }) => [id, language])).toEqual([
      ['en-us', 'en-us'],
      ['cmn', 'zh'],
      ['en-gb', 'en-gb'],
    ]);
    expect(voices.find(({ id }) => id === 'en-gb')?.name).toBe('English (Great Britain)');
  });

  it('takes a text for a text, whatever is in it', async () => {
    const plain = (await probe(await speak('Hello there my friend.'))).duration;
    for (const text of ['--version', '-w /tmp/no.wav', '-f /etc/hostname']) {
      const { duration } = await probe(await speak(text));
      expect(duration).toBeGreaterThan(0.5);
    }
    // Neither phonemes, nor markup, nor an end.
    const odd = await probe(await speak('[[f@D3]] Hello <break time="60s"/>\0 there\x1b my friend.'));
    expect(odd.duration).toBeGreaterThan(plain);
    expect(odd.duration).toBeLessThan(plain + 8);
  });

  it('speaks Chinese in Chinese', async () => {
    const text = '你好，很高兴认识你。';
    expect((await probe(await speak(text, 'cmn'))).duration).toBeLessThan(
      (await probe(await speak(text, 'en-us'))).duration,
    );
  });

  it('is not found where it is not installed, and says what is missing for other formats', async () => {
    const synthesizer = await find();
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      expect(await EspeakSynthesizer.find(1_000)).toBeUndefined();
      const request = { text: SENTENCE, voice: 'en-us', format: 'mp3' as const };
      const speaking = collect(synthesizer.synthesize(request, new AbortController().signal));
      await expect(speaking).rejects.toMatchObject({ code: 'voice_not_set_up' });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
