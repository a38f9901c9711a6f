import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolStatus } from './engine-pool.js';

/** How a piece ended: with its text, or why not. */
export type Outcome = 'done' | 'cancelled' | 'busy' | 'unavailable' | 'failed' | 'refused' | 'invalid';

const ENGINE_SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];

/** What a Whisper machine counts, for Prometheus. Nothing in it tells what was said, or by whom. */
export class WhisperMetrics {
  private readonly registry = new Registry();
  private readonly pieces = new Counter({
    name: 'parley_whisper_pieces_total',
    help: 'Pieces by how they ended.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  private readonly audio = new Counter({
    name: 'parley_whisper_audio_seconds_total',
    help: 'Seconds of sound in pieces that were done.',
    registers: [this.registry],
  });
  private readonly engine = new Histogram({
    name: 'parley_whisper_engine_seconds',
    help: 'How long an engine worked on a piece.',
    labelNames: ['engine'] as const,
    buckets: ENGINE_SECONDS,
    registers: [this.registry],
  });
  private readonly losses = new Counter({
    name: 'parley_whisper_engine_losses_total',
    help: 'How often an engine that was ready was not any more; it is started again.',
    labelNames: ['engine'] as const,
    registers: [this.registry],
  });

  get contentType(): string {
    return this.registry.contentType;
  }

  /** @param status asked for at every scrape */
  watch(status: () => PoolStatus): void {
    collectDefaultMetrics({ register: this.registry });
    const gauges: [string, string, (now: PoolStatus) => number][] = [
      ['queued_pieces', 'Pieces that wait for a place.', ({ queued }) => queued],
      ['busy_slots', 'Pieces that engines work on.', ({ busy }) => busy],
      ['slots', 'Pieces that ready engines can work on at once.', ({ slots }) => slots],
    ];
    for (const [name, help, value] of gauges) {
      new Gauge({
        name: `parley_whisper_${name}`,
        help,
        registers: [this.registry],
        collect() {
          this.set(value(status()));
        },
      });
    }
  }

  ended(outcome: Outcome, audioSeconds: number): void {
    this.pieces.inc({ outcome });
    if (outcome === 'done') this.audio.inc(audioSeconds);
  }

  worked(engine: string, seconds: number): void {
    this.engine.observe({ engine }, seconds);
  }

  lost(engine: string): void {
    this.losses.inc({ engine });
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
