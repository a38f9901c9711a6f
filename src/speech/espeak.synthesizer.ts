import { availableParallelism } from 'node:os';
import { ChildError, childOutput } from '../../libs/audio/child-output.js';
import { Slots } from '../../libs/audio/slots.js';
import { readWav } from '../../libs/audio/wav.js';
import { asFile, toldAsSpeech } from './spoken-pcm.js';
import { SpeechError, SpeechSynthesizer, type SynthesisRequest, type Voice } from './synthesizer.js';

const PROGRAM = 'espeak-ng';
/** Listing its voices takes milliseconds. */
const LIST_TIMEOUT_MS = 10_000;
/** Those that come first in the list: of their languages, and of all. */
const PREFERRED = ['en-us', 'cmn', 'en-gb'];

/**
 * `SpeechSynthesizer` over the program espeak-ng, one process a call and one at a time for each core. The text goes
 * through its standard input, so that it can be no option. MP3 and Opus need ffmpeg besides.
 */
export class EspeakSynthesizer extends SpeechSynthesizer {
  readonly name = 'espeak';
  readonly maxCharacters = 2_000;
  private readonly slots = new Slots(availableParallelism());

  private constructor(
    private readonly known: Voice[],
    private readonly timeoutMs: number,
  ) {
    super();
  }

  /** Undefined where espeak-ng is not installed, or does not run. */
  static async find(timeoutMs: number): Promise<EspeakSynthesizer | undefined> {
    try {
      const voices = voicesOf(await output(['--voices']));
      return voices.length === 0 ? undefined : new EspeakSynthesizer(voices, timeoutMs);
    } catch (error) {
      if (error instanceof ChildError) return undefined;
      throw error;
    }
  }

  override voices(): Voice[] {
    return this.known;
  }

  override synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return toldAsSpeech(this.speak(request, signal), signal);
  }

  private async *speak({ text, voice, format }: SynthesisRequest, signal: AbortSignal) {
    if (!this.known.some(({ id }) => id === voice)) throw new SpeechError('voice_unknown', false);
    const open = () => readWav(this.sound(voice, text, signal));
    yield* asFile(open, { format, signal, timeoutMs: this.timeoutMs });
  }

  /** A WAV file with a length in its header that is not true. */
  private async *sound(voice: string, text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const release = await this.slots.take(signal);
    try {
      const args = ['-v', voice, '-b', '1', '--stdin', '--stdout'];
      const input = () => [Buffer.from(speakable(text))];
      yield* childOutput({ program: PROGRAM, args, input, signal, timeoutMs: this.timeoutMs });
    } finally {
      release();
    }
  }
}

/** Without what is no text to espeak-ng: control characters, and phonemes between double brackets. */
function speakable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replaceAll('[[', '[ [');
}

async function output(args: string[]): Promise<string> {
  const { signal } = new AbortController();
  const parts: Uint8Array[] = [];
  const call = { program: PROGRAM, args, input: () => [], signal, timeoutMs: LIST_TIMEOUT_MS };
  for await (const part of childOutput(call)) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Lines such as ` 2  en-us  --/M  English_(America)  gmw/en-US  (en 3)`. */
function voicesOf(list: string): Voice[] {
  const voices = list.split('\n').flatMap((line) => {
    const [, id, name] = /^\s*\d+\s+([a-z][\w-]*)\s+\S+\s+(\S+)\s/i.exec(line) ?? [];
    return id === undefined
      ? []
      : [{ id, name: name!.replaceAll('_', ' ').trim(), language: languageOf(id) }];
  });
  // One language twice is another way to write it; the first is the usual one.
  const known = new Map(voices.toReversed().map((voice) => [voice.id, voice]));
  return [...known.values()]
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .toSorted((a, b) => rank(a) - rank(b));
}

function languageOf(id: string): string {
  return id.startsWith('cmn') ? 'zh' : id;
}

function rank({ id }: Voice): number {
  const at = PREFERRED.indexOf(id);
  return at < 0 ? PREFERRED.length : at;
}
