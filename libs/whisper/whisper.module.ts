import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { EnginePool } from './engine-pool.js';
import { MetricsServer } from './metrics-server.js';
import { TokenGuard, WHISPER_TOKEN } from './token.guard.js';
import type { WhisperEngine } from './whisper-engine.js';
import { WhisperMetrics } from './whisper-metrics.js';
import { WhisperController } from './whisper.controller.js';

export interface WhisperOptions {
  engines: readonly WhisperEngine[];
  /** How many pieces may wait for a place. */
  queue: number;
  /** What callers must know; without it everybody is let in. */
  token?: string | undefined;
  /** How long pieces under way may go on when the process ends. */
  graceMs: number;
}

/** At a signal: what runs is finished while the server still sends, then the engines are let go. */
class PoolLife implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly pool: EnginePool,
    private readonly graceMs: number,
  ) {}

  beforeApplicationShutdown(): Promise<void> {
    return this.pool.drain(this.graceMs);
  }

  onApplicationShutdown(): Promise<void> {
    return this.pool.close();
  }
}

/** The Whisper microservice, to be run on a `WhisperGrpcServer`. It keeps nothing between two calls. */
@Module({})
export class WhisperModule {
  static of({ engines, queue, token, graceMs }: WhisperOptions): DynamicModule {
    return {
      module: WhisperModule,
      controllers: [WhisperController],
      providers: [
        WhisperMetrics,
        MetricsServer,
        TokenGuard,
        { provide: WHISPER_TOKEN, useValue: token ?? null },
        {
          provide: EnginePool,
          useFactory: (metrics: WhisperMetrics) => makePool(engines, queue, metrics),
          inject: [WhisperMetrics],
        },
        {
          provide: PoolLife,
          useFactory: (pool: EnginePool) => new PoolLife(pool, graceMs),
          inject: [EnginePool],
        },
      ],
    };
  }
}

function makePool(engines: readonly WhisperEngine[], queue: number, metrics: WhisperMetrics): EnginePool {
  const pool = new EnginePool({
    engines,
    queue,
    onLost: (engine) => metrics.lost(engine),
    onWorked: (engine, seconds) => metrics.worked(engine, seconds),
  });
  metrics.watch(() => pool.status());
  return pool;
}
