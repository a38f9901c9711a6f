import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Exchange, exchange } from './exchange.js';
import { checkPiece, isTooShort, pieceForm } from './piece-form.js';
import { Places } from './places.js';
import { SupervisedServer, type SupervisedServerOptions } from './supervised-server.js';
import { readTranscript } from './verbose-transcript.js';
import { WatchedServer } from './watched-server.js';
import { EngineError, WhisperEngine, type WhisperPiece, type WhisperResult } from './whisper-engine.js';
import type { WhisperServerPlace } from './whisper-server-place.js';

/** How long a server has to stop after a cancel before it is thought stuck. */
const STOP_MS = 500;
/** The longest that a piece of thirty seconds may take: a large model on a slow processor. */
const PIECE_MS = 10 * 60_000;

/**
 * An engine over whisper.cpp's `whisper-server`, which works on one piece at a time; who sends more waits for its turn.
 *
 * A piece that is cancelled is given up at once, and keeps the engine until the server has stopped. It looks whether
 * anybody waits between two steps: on a GPU that is within milliseconds, on a processor the first step, which hears the
 * whole piece, takes seconds with a real model. A supervised server that has not stopped after half a second is ended
 * and started again; one at an address works on to the end of its step.
 */
export class WhisperServerEngine extends WhisperEngine {
  readonly slots = 1;
  private readonly places = new Places(1);
  private readonly closing = new AbortController();

  private constructor(private readonly server: WhisperServerPlace) {
    super();
  }

  /** A child of this process. */
  static supervised(options: SupervisedServerOptions): WhisperServerEngine {
    return new WhisperServerEngine(new SupervisedServer(options));
  }

  /** One that runs already, `http://host:port`. @throws EngineError engine_refused for an address that is none */
  static at(options: { address: string; name?: string }): WhisperServerEngine {
    return new WhisperServerEngine(new WatchedServer(options));
  }

  get name(): string {
    return this.server.name;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  ready(): boolean {
    return this.server.address() !== null;
  }

  async transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult> {
    checkPiece(piece);
    signal.throwIfAborted();
    this.address();
    if (isTooShort(piece)) return { language: piece.language ?? null, segments: [] };
    const stop = AbortSignal.any([signal, this.closing.signal, AbortSignal.timeout(PIECE_MS)]);
    try {
      const giveBack = await this.places.take(stop);
      return await this.work(piece, stop, giveBack);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (stop.aborted) throw unavailable('The engine did not finish a piece');
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.server.close();
  }

  /** Gives the place back when the server has stopped. */
  private async work(piece: WhisperPiece, stop: AbortSignal, giveBack: () => void): Promise<WhisperResult> {
    let sent: Exchange | undefined;
    try {
      sent = exchange(new URL('inference', this.address()), pieceForm(piece.pcm, fieldsOf(piece)), stop);
      return readTranscript(bodyOf(await sent.answer), piece);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'engine_unavailable')
        await this.server.doubt('broken');
      throw error;
    } finally {
      void this.settle(sent).finally(giveBack);
    }
  }

  private async settle(sent: Exchange | undefined): Promise<void> {
    if (!sent) return;
    const enough = new AbortController();
    const stopped = sent.over.then(() => true);
    const late = sleep(STOP_MS, false, { signal: enough.signal }).catch(() => false);
    const isOver = await Promise.race([stopped, late]);
    enough.abort();
    if (isOver) return;
    sent.leave();
    await this.server.doubt('stuck');
  }

  private address(): URL {
    const url = this.server.address();
    if (!url || this.closing.signal.aborted) throw unavailable('The engine is not ready');
    return url;
  }
}

/**
 * Nothing that is said here stays for the next piece. Whatever is left out is the server's default: `en` for the
 * language, and segments that are cut after 60 characters, in the middle of a word, where tokens have times.
 */
function fieldsOf({ language, task, prompt, words }: WhisperPiece): [string, string][] {
  return [
    ['response_format', 'verbose_json'],
    ['language', language ?? 'auto'],
    ['translate', String(task === 'translate')],
    ['temperature', '0'],
    ['token_timestamps', String(words)],
    ['max_len', '1000000'],
    // They cost a second look at the sound.
    ['no_language_probabilities', 'true'],
    ...(prompt ? [['prompt', prompt] as [string, string]] : []),
  ];
}

function bodyOf({ status, body }: Answer): string {
  if (status === 200) return body;
  if (status === 500) throw new EngineError('engine_failed', 'whisper-server failed to process a piece');
  if (status === 499 || status > 500) throw unavailable(`whisper-server answered ${status}`);
  throw new EngineError('engine_refused', `whisper-server answered ${status}: is it one?`);
}

function unavailable(message: string): EngineError {
  return new EngineError('engine_unavailable', message);
}
