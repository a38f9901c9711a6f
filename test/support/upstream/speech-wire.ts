import { spawn } from 'node:child_process';
import type { Call } from './call.ts';
import type { Asked } from './protocol.ts';
import type { Switches } from './switches.ts';

const SAMPLE_RATE = 24_000;

/** How long a character takes to say. */
const MS_PER_CHARACTER = 60;
const CHUNKS = 10;

/** Before a reset, so that what was sent arrives first. */
const SETTLE_MS = 4;

export type SoundFormat = 'mp3' | 'opus' | 'wav';

export const SPEECH_PATH = '/v1/audio/speech';
export const QWEN_SPEECH_PATH = '/api/v1/services/aigc/multimodal-generation/generation';
export const LINK_PATH = /^\/results\/(\d+)\.wav$/;

interface SpeechBody {
  model?: unknown;
  /** A text for OpenAI, an object for Qwen. */
  input?: unknown;
  response_format?: unknown;
}

export function askedOfSpeech(body: unknown): Asked {
  const { model, input } = (body ?? {}) as SpeechBody;
  const text = typeof input === 'string' ? input : (input as { text?: unknown } | undefined)?.text;
  return {
    model: typeof model === 'string' ? model : '',
    stream: true,
    wantsUsage: false,
    incremental: true,
    lastUserMessage: typeof text === 'string' ? text : '',
    inputTokens: 0,
  };
}

/** OpenAI's: the sound as it is made. A WAV file says that it is as long as can be. */
export async function playSpeech(call: Call, asked: Asked, body: unknown, switches: Switches): Promise<void> {
  const { response_format: format = 'mp3' } = (body ?? {}) as SpeechBody;
  return playSound(call, await soundOf(asked.lastUserMessage, format as SoundFormat), switches);
}

/** Qwen's: a link to the sound, which `playLink` serves; the faults of the sound are there. */
export function answerWithLink(call: Call, url: string, switches: Switches): void {
  const link = switches.link === 'file' ? 'file:///etc/hostname' : switches.link === 'none' ? '' : url;
  const audio = { data: '', id: 'audio_test', url: link, expires_at: 1766113409 };
  const answer = {
    output: { finish_reason: 'stop', audio },
    usage: { characters: 17 },
    request_id: 'req_test',
  };
  const text = switches.link === 'garbage' ? '<html>' : JSON.stringify(answer);
  call.head(200, { 'content-type': 'application/json' });
  call.end(Buffer.from(text), true);
}

export async function playLink(call: Call, text: string, switches: Switches): Promise<void> {
  if (switches.link === 'redirect') {
    call.head(302, { location: '/__health' });
    return call.end(Buffer.alloc(0), true);
  }
  if (switches.link === 'missing') {
    call.head(404, { 'content-type': 'application/xml' });
    return call.end(Buffer.from('<Error/>'), true);
  }
  return playSound(call, await soundOf(text, 'wav'), switches);
}

async function playSound(call: Call, sound: Buffer, switches: Switches): Promise<void> {
  const count = switches.count ?? CHUNKS;
  const size = Math.ceil(sound.length / Math.max(1, count));
  call.head(200, { 'content-type': switches.garbage === undefined ? 'audio/mpeg' : 'text/html' });
  for (let at = 0; call.open;) {
    const { chunksSent } = call.record;
    if (switches.hang === chunksSent) return call.hang();
    if (switches.end === chunksSent) return call.end(Buffer.alloc(0), false);
    if (switches.reset === chunksSent) {
      if (await call.sleep(SETTLE_MS)) call.destroy(switches['reset-how']);
      return;
    }
    if (chunksSent >= count && switches['never-ending'] !== true) break;
    const ms = chunksSent === 0 ? (switches.first ?? 0) : (switches.gap ?? 0);
    if (!(ms > 0 ? await call.pause(ms) : await call.turn())) return;
    const chunk = sound.subarray(at, at + size);
    if (!(await call.write(switches.garbage === undefined ? chunk : garbageOf(chunk)))) return;
    call.record.chunksSent += 1;
    at = at + size < sound.length ? at + size : 0;
  }
  if (switches['hang-tail'] === true) return call.hang();
  call.end(Buffer.alloc(0), true);
}

function garbageOf(chunk: Buffer): Buffer {
  return Buffer.alloc(chunk.length, '<html>this is no sound</html>\n');
}

/** Sounds that were made: the same text always sounds the same. */
const sounds = new Map<string, Buffer>();

async function soundOf(text: string, format: SoundFormat): Promise<Buffer> {
  const ms = Math.max(1, [...text].length) * MS_PER_CHARACTER;
  const key = `${format} ${ms}`;
  const sound = sounds.get(key) ?? (await make(tone(ms), format));
  sounds.set(key, sound);
  return sound;
}

/** A tone that swells, as samples of 16 bits. */
function tone(ms: number): Buffer {
  const samples = new Int16Array((ms * SAMPLE_RATE) / 1_000);
  for (let i = 0; i < samples.length; i += 1) {
    const t = i / SAMPLE_RATE;
    samples[i] = Math.sin(2 * Math.PI * 330 * t) * (1 + Math.sin(2 * Math.PI * 3 * t)) * 6_000;
  }
  return Buffer.from(samples.buffer);
}

async function make(pcm: Buffer, format: SoundFormat): Promise<Buffer> {
  if (format === 'wav') return Buffer.concat([endlessHeader(), pcm]);
  const input = ['-f', 's16le', '-ar', String(SAMPLE_RATE), '-ac', '1', '-i', 'pipe:0'];
  const output = format === 'mp3' ? ['-f', 'mp3'] : ['-c:a', 'libopus', '-f', 'ogg'];
  const child = spawn('ffmpeg', ['-v', 'error', ...input, ...output, 'pipe:1']);
  child.stdin.end(pcm);
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function endlessHeader(): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(0xffffffff, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(0xffffffff, 40);
  return header;
}
