import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { probe } from '../../test/support/audio.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { SpeechError, SPEECH_FORMATS, type SpeechFormat, type SpeechSynthesizer } from './synthesizer.js';

export interface ContractOptions {
  upstream: Upstream;
  /** What the upstream shall do (see its switches). */
  switches: string;
  apiKey: string;
  timeoutMs: number;
}

export type Make = (options: ContractOptions) => Promise<SpeechSynthesizer> | SpeechSynthesizer;

export interface Contract {
  make: Make;
  /** How many calls, or processes, of this synthesizer are still going on. */
  running: (upstream: Upstream) => number;
}

export const SENTENCE = 'The weather is lovely today, and we are going to walk along the river.';
const CHINESE = '今天天气很好，我们去河边散步。';
const CODECS: Record<SpeechFormat, string> = { mp3: 'mp3', wav: 'pcm_s16le', opus: 'opus' };

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return Buffer.concat(parts);
}

export function useContract({ make }: Contract) {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterEach(() => upstream.reset());
  afterAll(() => upstream.close());
  return {
    upstream: () => upstream,
    make: (switches = '', more: Partial<ContractOptions> = {}) =>
      Promise.resolve(make({ upstream, switches, apiKey: 'sk-test', timeoutMs: 20_000, ...more })),
  };
}

/** What every synthesizer promises. */
export function synthesizerContract(name: string, contract: Contract): void {
  describe(`${name} as a synthesizer`, () => {
    const ctx = useContract(contract);
    const idle = () => vi.waitFor(() => expect(contract.running(ctx.upstream())).toBe(0), 5_000);
    const voiceOf = (synthesizer: SpeechSynthesizer) => synthesizer.voices()[0]!.id;

    it.each(SPEECH_FORMATS)('speaks %s that decodes to a sensible length', async (format) => {
      const synthesizer = await ctx.make();
      for (const [text, language] of [
        [SENTENCE, 'en'],
        [CHINESE, 'zh'],
      ] as const) {
        const voice = synthesizer.voices().find((known) => known.language === language)?.id;
        const request = { text, format, language, voice: voice ?? voiceOf(synthesizer) };
        const sound = await collect(synthesizer.synthesize(request, new AbortController().signal));
        const { codec, duration } = await probe(sound);
        expect(codec).toBe(CODECS[format]);
        expect(duration).toBeGreaterThan([...text].length * 0.04);
        expect(duration).toBeLessThan([...text].length * 0.4);
        if (format === 'wav') expect(sound.readUInt32LE(40)).toBe(sound.length - 44);
      }
      await idle();
    });

    it('names its voices once each', async () => {
      const ids = (await ctx.make()).voices().map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^[\w-]{1,60}$/);
    });

    it('refuses a voice that it does not have', async () => {
      const synthesizer = await ctx.make();
      for (const voice of ['nobody', '', '-w', '--version', 'constructor']) {
        const request = { text: SENTENCE, voice, format: 'wav' as const };
        const speaking = collect(synthesizer.synthesize(request, new AbortController().signal));
        await expect(speaking).rejects.toMatchObject({ code: 'voice_unknown', retryable: false });
      }
      expect(ctx.upstream().log).toHaveLength(0);
    });

    it.each(['mp3', 'opus'] as const)('ends at once when it is aborted amid %s', async (format) => {
      const synthesizer = await ctx.make('gap=100,count=100');
      const controller = new AbortController();
      const text = SENTENCE.repeat(Math.floor(synthesizer.maxCharacters / SENTENCE.length));
      const request = { text, voice: voiceOf(synthesizer), format };
      const reason = new Error('enough');
      const speaking = (async () => {
        for await (const piece of synthesizer.synthesize(request, controller.signal)) {
          expect(piece.length).toBeGreaterThan(0);
          controller.abort(reason);
        }
      })();
      await expect(speaking).rejects.toBe(reason);
      await idle();
    });

    it('ends at once when its reader leaves', async () => {
      const synthesizer = await ctx.make('gap=100,count=100');
      const text = SENTENCE.repeat(Math.floor(synthesizer.maxCharacters / SENTENCE.length));
      const request = { text, voice: voiceOf(synthesizer), format: 'mp3' as const };
      for await (const piece of synthesizer.synthesize(request, new AbortController().signal)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await idle();
    });

    it('does nothing for a signal that is aborted already', async () => {
      const synthesizer = await ctx.make();
      const signal = AbortSignal.abort(new Error('never mind'));
      const request = { text: SENTENCE, voice: voiceOf(synthesizer), format: 'mp3' as const };
      await expect(collect(synthesizer.synthesize(request, signal))).rejects.toThrow('never mind');
      expect(ctx.upstream().log).toHaveLength(0);
      await idle();
    });

    it('speaks many texts at once', async () => {
      const synthesizer = await ctx.make();
      const texts = Array.from({ length: 24 }, (_, i) => `This is number ${i}. `.repeat(1 + (i % 3)));
      const sounds = await Promise.all(
        texts.map((text, i) => {
          const request = { text, voice: voiceOf(synthesizer), format: SPEECH_FORMATS[i % 3]! };
          return collect(synthesizer.synthesize(request, new AbortController().signal));
        }),
      );
      for (const sound of sounds) expect((await probe(sound)).duration).toBeGreaterThan(0.5);
      await idle();
    }, 30_000);
  });
}

const FAULTS: [what: string, switches: string, expected: Partial<SpeechError>, apiKey?: string][] = [
  ['a wrong key', '', { code: 'speech_auth', retryable: false }, 'sk-bad'],
  ['used up money', 'status=429,code=insufficient_quota', { code: 'speech_quota', retryable: false }],
  ['an overdue bill', 'status=429,code=PostpaidBillOverdue', { code: 'speech_quota', retryable: false }],
  [
    'too much to do',
    'status=429,retry-after=7',
    { code: 'speech_unavailable', retryable: true, options: { retryAfterMs: 7_000 } },
  ],
  ['an error of the server', 'status=500', { code: 'speech_unavailable', retryable: true }],
  [
    'a text that is not allowed',
    'status=400,code=DataInspectionFailed',
    { code: 'speech_refused', retryable: false },
  ],
  ['no beginning', 'hang-head', { code: 'speech_timeout', retryable: true }],
  ['no sound', 'hang=0', { code: 'speech_timeout', retryable: true }],
  ['silence in the middle', 'hang=3', { code: 'speech_timeout', retryable: true }],
  ['a broken connection', 'reset=3', { code: 'speech_unavailable', retryable: true }],
  ['an empty body', 'count=0', { code: 'speech_protocol', retryable: true }],
  ['something that is no sound', 'garbage', { code: 'speech_protocol', retryable: true }],
  ['a sound without end', 'never-ending,count=1', { code: 'speech_protocol', retryable: false }],
];

/** What those promise that ask a provider over the network. */
export function remoteSynthesizerContract(name: string, contract: Contract): void {
  describe(`${name} and its provider's faults`, () => {
    const ctx = useContract(contract);

    it.each(FAULTS)('reports %s', async (_, switches, expected, apiKey = 'sk-test') => {
      const timeoutMs = switches.includes('hang') ? 300 : 20_000;
      for (const format of ['mp3', 'wav'] as const) {
        const synthesizer = await ctx.make(switches, { apiKey, timeoutMs });
        const text = SENTENCE.repeat(Math.floor(synthesizer.maxCharacters / SENTENCE.length));
        const request = { text, voice: synthesizer.voices()[0]!.id, format };
        const error = await collect(synthesizer.synthesize(request, new AbortController().signal)).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(SpeechError);
        expect(error).toMatchObject(expected);
        expect(String(error)).not.toContain('upstream-message');
      }
      await vi.waitFor(() => expect(contract.running(ctx.upstream())).toBe(0), 5_000);
    });

    it('reports that nobody is there', async () => {
      const synthesizer = await ctx.make();
      await ctx.upstream().close();
      const request = { text: SENTENCE, voice: synthesizer.voices()[0]!.id, format: 'mp3' as const };
      const speaking = collect(synthesizer.synthesize(request, new AbortController().signal));
      await expect(speaking).rejects.toMatchObject({ code: 'speech_unavailable', retryable: true });
    });
  });
}
