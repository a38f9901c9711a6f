import type { INestMicroservice, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EnginePool } from './engine-pool.js';
import { WhisperGrpcServer } from './grpc-server.js';
import { MetricsServer } from './metrics-server.js';
import { WhisperModule, type WhisperOptions } from './whisper.module.js';

export interface ServiceOptions extends WhisperOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Where `GET /metrics` is served; without it nowhere. */
  metricsPort?: number | undefined;
  logger: LoggerService;
}

export interface WhisperService {
  /** `host:port`. */
  address: string;
  app: INestMicroservice;
}

const BEAT_MS = 50;

/**
 * The Whisper microservice, listening. Its health turns to SERVING when a model is loaded.
 * @throws EngineError engine_refused where an engine can never be had; the system's error where it cannot listen
 */
export async function startWhisperService(options: ServiceOptions): Promise<WhisperService> {
  const { host, port, metricsPort, logger } = options;
  const server = new WhisperGrpcServer(host, port);
  const app = await NestFactory.createMicroservice(WhisperModule.of(options), {
    strategy: server,
    logger,
    abortOnError: false,
  });
  const pool = app.get(EnginePool);
  try {
    await pool.start();
    await app.listen();
    if (metricsPort !== undefined) await app.get(MetricsServer).listen(host, metricsPort);
  } catch (error) {
    await app.close();
    throw error;
  }
  setInterval(() => server.serve(pool.status().ready), BEAT_MS).unref();
  return { address: server.address, app };
}
