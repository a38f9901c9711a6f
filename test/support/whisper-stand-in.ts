import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { freePort } from './child.ts';

const PROTO = join(import.meta.dirname, '../../libs/whisper/whisper.proto');
const LIMIT = 4 * 1024 * 1024;

/** A piece that was sent to the stand-in. */
export interface HeardPiece {
  bytes: number;
  task: 'TRANSCRIBE' | 'TRANSLATE';
  language: string | undefined;
  prompt: string | undefined;
  words: boolean;
  /** What it is answered with: made of the sound, so that the same sound has the same text. */
  text: string;
  begunAt: number;
  endedAt: number | undefined;
  outcome: 'running' | 'done' | 'cancelled' | 'refused';
}

interface Request {
  pcm: Buffer;
  task: 'TRANSCRIBE' | 'TRANSLATE';
  language?: string;
  prompt?: string;
  words: boolean;
}

/** What is said of a piece of sound: always the same of the same one. */
export function textOfSound(pcm: Buffer): string {
  return `heard ${createHash('sha256').update(pcm).digest('hex').slice(0, 8)}`;
}

/**
 * A Whisper machine that speaks the true contract and hears nothing: it takes as long as it is told, fails as it is
 * told, and remembers every call.
 */
export class WhisperStandIn {
  readonly log: HeardPiece[] = [];
  readonly port: number;
  /** How long a piece takes. */
  delayMs = 0;
  slots = 1;
  /** The status that the next pieces are refused with. */
  failure: status | undefined;
  /** How many of the next pieces are refused; then all is well again. */
  failures = Infinity;
  /** What was heard is in this language, where none was named. */
  language = 'en';
  private server: Server | undefined;

  constructor(port: number) {
    this.port = port;
  }

  /** What WHISPER_URL takes. */
  get url(): string {
    return `grpc://127.0.0.1:${this.port}`;
  }

  /** Pieces that it works on. */
  get busy(): number {
    return this.log.filter(({ outcome }) => outcome === 'running').length;
  }

  /** Pieces that were answered. */
  get done(): HeardPiece[] {
    return this.log.filter(({ outcome }) => outcome === 'done');
  }

  /** Forgets all that was and was asked for. */
  reset(): void {
    this.log.length = 0;
    [this.delayMs, this.slots, this.failure, this.failures, this.language] = [
      0,
      1,
      undefined,
      Infinity,
      'en',
    ];
  }

  async start(): Promise<void> {
    const options = { longs: Number, enums: String, defaults: true, oneofs: true };
    const contract = loadPackageDefinition(loadSync(PROTO, options)) as unknown as {
      parley: { whisper: { v1: { Whisper: ServiceClientConstructor } } };
    };
    const server = new Server({ 'grpc.max_receive_message_length': LIMIT });
    server.addService(contract.parley.whisper.v1.Whisper.service, {
      Transcribe: (call: ServerWritableStream<Request, object>) => void this.transcribe(call),
      GetStatus: (_call: ServerUnaryCall<object, object>, answer: (error: null, value: object) => void) =>
        answer(null, {
          ...{ ready: true, draining: false, engine: 'stand-in', slots: this.slots, queued: 0 },
          busy: this.busy,
        }),
    });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    this.server = server;
  }

  /** As a crash does; `start` brings it back. */
  stop(): void {
    this.server?.forceShutdown();
    this.server = undefined;
    for (const piece of this.log) if (piece.outcome === 'running') end(piece, 'cancelled');
  }

  private async transcribe(call: ServerWritableStream<Request, object>): Promise<void> {
    const { pcm, task, language, prompt, words } = call.request;
    const piece: HeardPiece = {
      ...{ bytes: pcm.length, task, language, prompt, words, text: textOfSound(pcm) },
      ...{ begunAt: Date.now(), endedAt: undefined, outcome: 'running' },
    };
    this.log.push(piece);
    if (this.failure !== undefined && this.failures > 0) {
      this.failures -= 1;
      end(piece, 'refused');
      call.emit('error', { code: this.failure, details: 'as told' });
      return;
    }
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort());
    call.write({ accepted: { queued: 0 } });
    await sleep(this.delayMs, undefined, { signal: gone.signal }).catch(() => undefined);
    if (piece.outcome !== 'running') return;
    if (gone.signal.aborted) return end(piece, 'cancelled');
    end(piece, 'done');
    this.answer(call, piece);
  }

  private answer(call: ServerWritableStream<Request, object>, { bytes, text, language }: HeardPiece): void {
    const seconds = bytes / 32_000;
    const word = { text, start: 0, end: seconds, probability: 0.9 };
    const words = call.request.words ? [word] : [];
    call.write({ segment: { start: 0, end: seconds, text, probability: 0.9, noSpeech: 0.1, words } });
    call.write({ done: { language: language ?? this.language, engine: 'stand-in' } });
    call.end();
  }
}

function end(piece: HeardPiece, outcome: HeardPiece['outcome']): void {
  piece.outcome = outcome;
  piece.endedAt = Date.now();
}

/** Starts one; the caller stops it. */
export async function startWhisperStandIn(): Promise<WhisperStandIn> {
  const standIn = new WhisperStandIn(await freePort());
  await standIn.start();
  return standIn;
}
