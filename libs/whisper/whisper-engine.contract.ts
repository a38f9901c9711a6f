import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise, SENTENCES, type SentenceName, silence, spokenPcm } from '../../test/support/spoken.ts';
import { eventually } from '../../test/support/talk.ts';
import { WHISPER_BUILD_MS } from '../../test/support/whisper-server.ts';
import { piece, refusalOf, type Subject, textOf } from './whisper-engine-setup.contract.js';
import {
  type EngineError,
  MAX_PIECE_BYTES,
  type WhisperPiece,
  type WhisperResult,
  type WhisperEngine,
} from './whisper-engine.js';

const TEST_MS = 60_000;
/** For what takes well under a second where the machine has nothing else to do. */
const SOON_MS = 20_000;
const NEVER = new AbortController().signal;

/** What every adapter of `WhisperEngine` promises. */
export function whisperEngineContract(name: string, make: () => Promise<Subject>): void {
  describe(`${name} keeps the contract of WhisperEngine`, { timeout: TEST_MS }, () => {
    let subject: Subject;
    let engine: WhisperEngine;

    beforeAll(async () => {
      subject = await make();
      engine = subject.engine;
      expect(engine.ready()).toBe(false);
      expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_unavailable');
      await engine.start();
      await eventually(async () => engine.ready(), SOON_MS);
    }, WHISPER_BUILD_MS);

    afterAll(async () => {
      await engine?.close();
      await subject?.stop?.();
    });

    async function hear(name: SentenceName, over: Partial<WhisperPiece> = {}): Promise<WhisperResult> {
      return engine.transcribe(piece(await spokenPcm(name), over), NEVER);
    }

    /** Whether a piece is worked on; one that meets a process on its end is not. */
    async function isHeard(sentence: SentenceName = 'hello'): Promise<boolean> {
      return hear(sentence).then(
        (heard) => textOf(heard) === SENTENCES[sentence].text,
        (error: EngineError) => {
          expect(error.code).toBe('engine_unavailable');
          return false;
        },
      );
    }

    it('has a name for people, and places', () => {
      expect(engine.name.length).toBeGreaterThan(3);
      expect(engine.name.length).toBeLessThanOrEqual(60);
      expect(engine.slots).toBeGreaterThanOrEqual(1);
    });

    it('writes English down, and finds out that it is', async () => {
      for (const sentence of ['hello', 'fox', 'memory'] as const) {
        const heard = await hear(sentence);
        expect([textOf(heard), heard.language]).toEqual([SENTENCES[sentence].text, 'en']);
      }
    });

    it('writes Chinese down, and finds out that it is', async () => {
      for (const sentence of ['nihao', 'tianqi', 'fanyi'] as const) {
        const heard = await hear(sentence);
        expect([textOf(heard), heard.language]).toEqual([SENTENCES[sentence].text, 'zh']);
      }
    });

    it('takes the language that it is told', async () => {
      const heard = await hear('xiexie', { language: 'zh' });
      expect([textOf(heard), heard.language]).toEqual(['谢谢，再见。', 'zh']);
    });

    it('translates, and remembers nothing of it for the next piece', async () => {
      expect(textOf(await hear('tianqi', { task: 'translate', language: 'zh' }))).toBe(
        'How is the weather today?',
      );
      expect(textOf(await hear('tianqi'))).toBe('今天的天气怎么样？');
      expect(textOf(await hear('hello', { prompt: 'Hello.' }))).toBe('Hello, how can I help you today?');
    });

    it('gives times within the piece, in seconds, and how sure it is', async () => {
      const pcm = await spokenPcm('reminder');
      const { segments } = await engine.transcribe(piece(pcm), NEVER);
      expect(segments).toHaveLength(1);
      const [segment] = segments;
      expect(segment!.start).toBeLessThan(0.5);
      expect(segment!.end).toBeGreaterThan(1.5);
      expect(segment!.end).toBeLessThanOrEqual(pcm.length / 32_000 + 0.005);
      expect(segment!.probability).toBeGreaterThan(0.9);
      expect(segment!.probability).toBeLessThanOrEqual(1);
      expect(segment!.noSpeech).toBeLessThan(0.5);
      expect(segment!.words).toEqual([]);
    });

    it('gives whole words, with their times and how sure it is of each', async () => {
      const { segments } = await hear('reminder', { words: true });
      const words = segments.flatMap((segment) => segment.words);
      const texts = ['Set', 'a', 'reminder', 'for', 'nine', "o'clock", 'in', 'the', 'morning.'];
      expect(words.map(({ text }) => text)).toEqual(texts);
      let before = 0;
      for (const { start, end, probability } of words) {
        expect(start).toBeGreaterThanOrEqual(before);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(probability).toBeGreaterThan(0.5);
        expect(probability).toBeLessThanOrEqual(1);
        before = start;
      }
    });

    it('gives Chinese words whose characters are whole', async () => {
      const { segments } = await hear('nihao', { words: true });
      const words = segments.flatMap((segment) => segment.words);
      expect(words.map(({ text }) => text).join('')).toBe('你好，请问有什么可以帮您？');
      expect(words.length).toBeGreaterThan(5);
      for (const { text, probability } of words) {
        expect(text).not.toContain('\uFFFD');
        expect(probability).toBeGreaterThan(0.5);
      }
    });

    it('answers silence within its time', async () => {
      const { segments } = await engine.transcribe(piece(silence(5), { words: true }), NEVER);
      for (const { text, start, end } of segments) {
        expect(text).not.toBe('');
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(5);
      }
    });

    it.each([1, 160, 1_599])('hears nothing in %d samples', async (samples) => {
      const pcm = Buffer.alloc(samples * 2);
      expect(await engine.transcribe(piece(pcm), NEVER)).toEqual({ language: null, segments: [] });
      const told = await engine.transcribe(piece(pcm, { language: 'zh' }), NEVER);
      expect(told).toEqual({ language: 'zh', segments: [] });
    });

    it('takes a tenth of a second, and thirty seconds', async () => {
      await engine.transcribe(piece(silence(0.1), { words: true }), NEVER);
      const speech = await spokenPcm('fox');
      const longest = Buffer.concat([speech, Buffer.alloc(MAX_PIECE_BYTES - speech.length)]);
      const heard = await engine.transcribe(piece(longest), NEVER);
      expect(textOf(heard)).toContain('The quick brown fox jumps over the lazy dog.');
      for (const { end } of heard.segments) expect(end).toBeLessThanOrEqual(30);
    });

    it.each([0, 1, 33, MAX_PIECE_BYTES + 2])('refuses a piece of %d bytes', async (bytes) => {
      expect(await refusalOf(engine.transcribe(piece(Buffer.alloc(bytes)), NEVER))).toBe('engine_refused');
    });

    it('refuses a language that Whisper does not know', async () => {
      const klingon = engine.transcribe(piece(silence(1), { language: 'tlh' }), NEVER);
      expect(await refusalOf(klingon)).toBe('engine_refused');
    });

    it('does everything that is sent at once', async () => {
      const names = ['hello', 'nihao', 'fox', 'tianqi', 'memory', 'thanks'] as const;
      const heard = await Promise.all(names.map((sentence) => hear(sentence)));
      expect(heard.map(textOf)).toEqual(names.map((sentence) => SENTENCES[sentence].text));
    });

    it('sends nothing for a caller who has gone already', async () => {
      const reason = new Error('gone');
      const deed = engine.transcribe(piece(silence(1)), AbortSignal.abort(reason));
      await expect(deed).rejects.toBe(reason);
    });

    it('gives a piece up at once when its caller goes, and is free soon', async () => {
      const speech = await spokenPcm('thanks');
      const aloneFrom = performance.now();
      await engine.transcribe(piece(speech), NEVER);
      const aloneMs = performance.now() - aloneFrom;
      for (let n = 0; n < 3; n += 1) {
        const caller = new AbortController();
        const reason = new Error('gone');
        const given = engine.transcribe(piece(noise(30), { language: 'zh' }), caller.signal);
        await sleep(100 * (n + 1));
        const from = performance.now();
        caller.abort(reason);
        await expect(given).rejects.toBe(reason);
        expect(performance.now() - from).toBeLessThan(5_000);
        // On a busy machine it may have been quicker to start it again.
        await eventually(async () => engine.ready() && (await isHeard('thanks')), SOON_MS);
        // The noise would take seconds more.
        expect(performance.now() - from).toBeLessThan(2_000 + 5 * aloneMs);
      }
    });

    it('lets a caller out of the line', async () => {
      const speech = await spokenPcm('hello');
      const caller = new AbortController();
      const rest = Array.from({ length: engine.slots + 1 }, () => engine.transcribe(piece(speech), NEVER));
      const given = engine.transcribe(piece(speech), caller.signal);
      caller.abort(new Error('gone'));
      await expect(given).rejects.toThrow('gone');
      for (const heard of await Promise.all(rest))
        expect(textOf(heard)).toBe('Hello, how can I help you today?');
    });

    it('fails pieces of a process that dies, and comes back', async () => {
      for (let n = 0; n < 3; n += 1) {
        const under = refusalOf(engine.transcribe(piece(noise(30), { language: 'zh' }), NEVER));
        await sleep(200);
        await subject.kill();
        expect(await under).toBe('engine_unavailable');
        await subject.revive?.();
        // It may take a moment to see that the process is gone.
        await eventually(async () => engine.ready() && (await isHeard()), SOON_MS);
        expect(textOf(await hear('fox'))).toBe('The quick brown fox jumps over the lazy dog.');
      }
    });

    it('fails what is under way when it is closed, and whatever comes after', async () => {
      const under = [1, 2].map(() =>
        refusalOf(engine.transcribe(piece(noise(30), { language: 'zh' }), NEVER)),
      );
      await sleep(100);
      await engine.close();
      expect(await Promise.all(under)).toEqual(['engine_unavailable', 'engine_unavailable']);
      expect(engine.ready()).toBe(false);
      expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_unavailable');
      await engine.close();
    });
  });
}
