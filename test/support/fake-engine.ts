import {
  EngineError,
  WhisperEngine,
  type WhisperPiece,
  type WhisperResult,
} from '../../libs/whisper/whisper-engine.ts';

interface Options {
  name?: string;
  slots?: number;
  /** How long a piece takes. */
  ms?: number;
  ready?: boolean;
}

/** An engine that hears how many bytes it was given, and does as a test says. */
export class FakeEngine extends WhisperEngine {
  readonly name: string;
  readonly slots: number;
  ms: number;
  /** Pieces that it works on. */
  busy = 0;
  /** The most that it worked on at once. */
  most = 0;
  /** Pieces that it was given. */
  readonly pieces: WhisperPiece[] = [];
  /** Pieces that were taken away from it. */
  aborted = 0;
  /** What the next pieces fail with. */
  failure: Error | undefined;
  closed = false;
  private isReady: boolean;
  private readonly deaths = new Set<(error: Error) => void>();

  constructor({ name = 'fake', slots = 1, ms = 0, ready = true }: Options = {}) {
    super();
    this.name = name;
    this.slots = slots;
    this.ms = ms;
    this.isReady = ready;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  ready(): boolean {
    return this.isReady;
  }

  /** Loses what it works on, and is not ready. */
  die(): void {
    this.isReady = false;
    for (const death of [...this.deaths]) death(new EngineError('engine_unavailable', 'it died'));
  }

  revive(): void {
    this.isReady = true;
  }

  async transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult> {
    if (!this.isReady) throw new EngineError('engine_unavailable', 'it is dead');
    this.pieces.push(piece);
    this.busy += 1;
    this.most = Math.max(this.most, this.busy);
    try {
      await this.work(signal);
      if (this.failure) throw this.failure;
      return resultOf(piece);
    } finally {
      this.busy -= 1;
    }
  }

  close(): Promise<void> {
    this.closed = true;
    this.die();
    return Promise.resolve();
  }

  private work(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.deaths.delete(die);
        signal.removeEventListener('abort', abort);
        settle();
      };
      const timer = setTimeout(() => end(resolve), this.ms);
      const die = (error: Error) => end(() => reject(error));
      const abort = () => {
        this.aborted += 1;
        end(() => reject(signal.reason as Error));
      };
      this.deaths.add(die);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** What a fake engine hears: everything that a result can have, made from the piece alone. */
export function resultOf({ pcm, task, language, prompt, words }: WhisperPiece): WhisperResult {
  const said = { start: 0.25, end: 1.125, text: `${task} ${pcm.length} ${prompt ?? ''}`.trim() };
  return {
    language: language ?? null,
    segments: [
      {
        ...said,
        probability: 0.75,
        noSpeech: 0,
        words: words ? [{ text: '你好', start: 0.25, end: 0.5, probability: null }] : [],
      },
      { start: 1.5, end: 2, text: '', probability: null, noSpeech: null, words: [] },
    ],
  };
}

/** A piece of so many seconds of silence. */
export function piece(seconds = 1, more: Partial<WhisperPiece> = {}): WhisperPiece {
  return { pcm: Buffer.alloc(Math.round(seconds * 16_000) * 2), task: 'transcribe', words: false, ...more };
}
