import { type Seat, Seats } from './seats.js';
import { EngineError, type WhisperEngine, type WhisperPiece, type WhisperResult } from './whisper-engine.js';

export interface PoolStatus {
  /** Whether a piece sent now would be worked on, at once or after others. */
  ready: boolean;
  draining: boolean;
  /** The engines' names, each once. */
  engine: string;
  /** How many pieces the ready engines work on at once. */
  slots: number;
  busy: number;
  queued: number;
}

/** A result, and the name of the engine that it is from. */
export type PoolResult = WhisperResult & { engine: string };

interface Options {
  engines: readonly WhisperEngine[];
  /** How many pieces may wait for a place. */
  queue: number;
  /** Told when an engine that was ready is not any more. */
  onLost?: (engine: string) => void;
  /** Told how long an engine worked on a piece that it finished. */
  onWorked?: (engine: string, seconds: number) => void;
}

const BEAT_MS = 100;
const ENDING = 'the machine is ending';

/**
 * The engines of one process behind one line: as many pieces as they have places are worked on at once, at most
 * `queue` wait, in their order. A piece whose engine is gone goes to another ready one, once.
 */
export class EnginePool {
  private readonly seats: Seats;
  private readonly ready = new Set<Seat>();
  private beat: NodeJS.Timeout | undefined;
  private draining = false;

  constructor(private readonly options: Options) {
    this.seats = new Seats(options.engines);
  }

  /** Begins to get the engines ready. @throws EngineError engine_refused where one never can be */
  async start(): Promise<void> {
    this.beat = setInterval(() => this.look(), BEAT_MS);
    await Promise.all(this.options.engines.map((engine) => engine.start()));
    this.look();
  }

  status(): PoolStatus {
    const ready = this.options.engines.filter((engine) => engine.ready());
    const named = ready.length > 0 ? ready : this.options.engines;
    return {
      ready: ready.length > 0 && !this.draining,
      draining: this.draining,
      engine: [...new Set(named.map(({ name }) => name))].join(', '),
      slots: ready.reduce((sum, { slots }) => sum + slots, 0),
      busy: this.seats.busy,
      queued: this.seats.waiting,
    };
  }

  /**
   * @param onAccepted told, before anything else, how many pieces wait before this one
   * @throws EngineError (engine_busy where the line is full, engine_unavailable where no engine is ready or the
   * process ends), or the signal's reason
   */
  async transcribe(
    piece: WhisperPiece,
    signal: AbortSignal,
    onAccepted?: (queued: number) => void,
  ): Promise<PoolResult> {
    signal.throwIfAborted();
    this.admit();
    onAccepted?.(this.seats.waiting);
    const seat = await this.seats.take({ signal });
    try {
      return await this.work(seat, piece, signal);
    } catch (error) {
      if (signal.aborted || !isElsewhere(error) || !this.seats.isReady(seat)) throw error;
    }
    return this.work(await this.seats.take({ signal, not: seat, first: true }), piece, signal);
  }

  /** Takes no more pieces; returns when none is left, or when `graceMs` are over. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    for (const until = performance.now() + graceMs; performance.now() < until;) {
      if (this.seats.busy + this.seats.waiting === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    this.draining = true;
    clearInterval(this.beat);
    this.seats.refuse(new EngineError('engine_unavailable', ENDING));
    await Promise.all(this.options.engines.map((engine) => engine.close()));
  }

  private admit(): void {
    if (this.draining) throw new EngineError('engine_unavailable', ENDING);
    if (!this.seats.isReady()) throw new EngineError('engine_unavailable', 'no engine is ready');
    if (!this.seats.isFree() && this.seats.waiting >= this.options.queue)
      throw new EngineError('engine_busy', 'every place is taken and the queue is full');
  }

  private async work(seat: Seat, piece: WhisperPiece, signal: AbortSignal): Promise<PoolResult> {
    const { engine } = seat;
    const from = performance.now();
    try {
      const result = await engine.transcribe(piece, signal);
      this.options.onWorked?.(engine.name, (performance.now() - from) / 1_000);
      return { ...result, engine: engine.name };
    } finally {
      this.seats.leave(seat);
      this.look();
    }
  }

  /** Engines say nothing when they come and go. */
  private look(): void {
    for (const seat of this.seats.all) {
      if (seat.engine.ready()) this.ready.add(seat);
      else if (this.ready.delete(seat)) this.options.onLost?.(seat.engine.name);
    }
    this.seats.serve();
  }
}

function isElsewhere(error: unknown): boolean {
  return error instanceof EngineError && ['engine_unavailable', 'engine_busy'].includes(error.code);
}
