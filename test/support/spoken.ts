import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './child.ts';

interface Sentence {
  text: string;
  voice: 'en-us' | 'cmn';
  language: 'en' | 'zh';
  /** What it is in English, where it is Chinese. */
  english?: string;
}

/** What the fixture model understands, spoken by espeak-ng. */
export const SENTENCES = {
  hello: { text: 'Hello, how can I help you today?', voice: 'en-us', language: 'en' },
  weather: { text: 'What is the weather like in Singapore tomorrow?', voice: 'en-us', language: 'en' },
  summarize: { text: 'Please summarize this document for me.', voice: 'en-us', language: 'en' },
  reminder: { text: "Set a reminder for nine o'clock in the morning.", voice: 'en-us', language: 'en' },
  translate: { text: 'Translate this sentence into Chinese.', voice: 'en-us', language: 'en' },
  thanks: { text: 'Thank you very much, goodbye.', voice: 'en-us', language: 'en' },
  fox: { text: 'The quick brown fox jumps over the lazy dog.', voice: 'en-us', language: 'en' },
  memory: { text: 'How much memory does the server have?', voice: 'en-us', language: 'en' },
  nihao: {
    text: '你好，请问有什么可以帮您？',
    voice: 'cmn',
    language: 'zh',
    english: 'Hello, how may I help you?',
  },
  tianqi: {
    text: '今天的天气怎么样？',
    voice: 'cmn',
    language: 'zh',
    english: 'How is the weather today?',
  },
  fanyi: {
    text: '请把这段话翻译成英文。',
    voice: 'cmn',
    language: 'zh',
    english: 'Please translate this passage into English.',
  },
  xiexie: { text: '谢谢，再见。', voice: 'cmn', language: 'zh', english: 'Thank you, goodbye.' },
} satisfies Record<string, Sentence>;

export type SentenceName = keyof typeof SENTENCES;

/** A sentence as a WAV file, as espeak-ng writes it: 22.05 kHz, mono. */
export async function spokenWav(name: SentenceName): Promise<Buffer> {
  const { text, voice } = SENTENCES[name];
  return run(findProgram('espeak-ng', 'espeak-ng'), ['-v', voice, '--stdout', text]);
}

/** A sentence as engines take it: 16 kHz mono s16le, without a header. */
export async function spokenPcm(name: SentenceName): Promise<Buffer> {
  const ffmpeg = findProgram('ffmpeg', 'ffmpeg');
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-i',
    'pipe:0',
    '-ac',
    '1',
    '-ar',
    '16000',
    '-f',
    's16le',
    'pipe:1',
  ];
  return run(ffmpeg, args, await spokenWav(name));
}

export function silence(seconds: number): Buffer {
  return Buffer.alloc(Math.round(seconds * 16_000) * 2);
}

/** Noise, always the same, of which the fixture model makes nothing in some seconds of trying. */
export function noise(seconds: number): Buffer {
  const pcm = silence(seconds);
  let state = 3;
  for (let at = 0; at < pcm.length; at += 2) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    pcm.writeInt16LE(Math.trunc((((state >> 8) / 0x7fffff) * 2 - 1) * 0.3 * 32_767), at);
  }
  return pcm;
}

function run(program: string, args: string[], input?: Buffer): Promise<Buffer> {
  const running = promisify(execFile)(program, args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  return running.then(({ stdout }) => stdout);
}
