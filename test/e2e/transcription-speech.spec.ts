import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ended, sent, transcribed } from '../support/recordings.ts';
import { converted, joined, pcmOf, SENTENCES, type Sentence, speak } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { startWhisperMachine } from '../support/whisper-machine.ts';

const machine = await startWhisperMachine();
afterAll(() => machine.stop());

const normal = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

describe('speech', { timeout: 300_000 }, () => {
  const ctx = useApi({ env: { WHISPER_URL: machine.url } });

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  it.each(['wav', 'mp3', 'webm', 'm4a', 'ogg', 'flac'])(
    'is understood in %s, which is called wav',
    async (ending) => {
      const client = await ctx.register();
      const sentences = [SENTENCES[0]!, SENTENCES.find(({ language }) => language === 'zh')!];
      for (const { text, language, ...spoken } of sentences) {
        const file = converted(speak({ text, language, ...spoken }), ending);
        const done = await transcribed(client, file, { words: true });
        expect(done).toMatchObject({ status: 'done', text, language, task: 'transcribe', errorCode: null });
        const { segments } = done;
        expect(segments.map((segment: Sentence) => segment.text).join('')).toContain(text.slice(0, 4));
        expect(segments[0].words.length).toBeGreaterThan(2);
      }
    },
  );

  it('in Chinese is said in English', async () => {
    const client = await ctx.register();
    for (const { english, ...sentence } of SENTENCES.filter(({ language }) => language === 'zh')) {
      const done = await transcribed(client, speak(sentence), { task: 'translate' });
      expect(done).toMatchObject({ status: 'done', text: english, language: 'zh' });
    }
  });

  it('of several people, in two languages, over a minute, is all there and in its order', async () => {
    const client = await ctx.register();
    // The fixture model knows single sentences: each gets a piece of its own by the silence around it.
    const order = [0, 8, 3, 5, 11, 6, 2, 7].map((index) => SENTENCES[index]!);
    const file = joined(
      order.map((sentence) => speak(sentence)),
      6,
    );
    const done = await ended(client, await sent(client, file), 240_000);
    expect(done).toMatchObject({ status: 'done', language: 'en' });
    expect(done.duration).toBeGreaterThan(60);
    expect(normal(done.text)).toBe(normal(order.map(({ text }) => text).join('')));
    const times = done.segments.flatMap(({ start, end }: { start: number; end: number }) => [start, end]);
    expect(times).toEqual(times.toSorted((a: number, b: number) => a - b));
    // Each is where it was said.
    let at = 0;
    for (const sentence of order) {
      const seconds = pcmOf(speak(sentence)).length / 32_000;
      const inside = done.segments.filter(
        ({ start, end }: { start: number; end: number }) => start > at - 0.6 && end < at + seconds + 0.6,
      );
      const said = inside.map(({ text }: { text: string }) => text).join('');
      expect(normal(said)).toBe(normal(sentence.text));
      at += seconds + 6;
    }
  });
});
