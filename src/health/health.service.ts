import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EventStreams } from '../../libs/streams/event-streams.js';
import { Transcriber } from '../../libs/whisper/transcriber.js';
import { ENV, type Env } from '../config/env.js';
import type { ReadyDto } from './health.dto.js';

const PING_TIMEOUT_MS = 1_000;

/** Asks what this process depends on. */
@Injectable()
export class HealthService implements OnModuleDestroy, BeforeApplicationShutdown {
  private shuttingDown = false;
  private ping: Promise<boolean> | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly streams: EventStreams,
    private readonly transcriber: Transcriber,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onModuleDestroy(): void {
    this.shuttingDown = true;
  }

  beforeApplicationShutdown(): void {
    this.shuttingDown = true;
  }

  async ready(setStatus: (status: number) => void): Promise<ReadyDto> {
    const state = await this.state();
    setStatus(state.status === 'ready' ? 200 : 503);
    return state;
  }

  async state(): Promise<ReadyDto> {
    const database = await this.databaseAnswers();
    const redis = this.streams.available();
    const ready = database && redis && !this.shuttingDown;
    return {
      status: ready ? 'ready' : 'not_ready',
      database: database ? 'up' : 'down',
      redis: this.env.REDIS_URL === undefined ? 'none' : redis ? 'up' : 'down',
      speech: this.transcriber.state().condition,
      shuttingDown: this.shuttingDown,
    };
  }

  /** One question at a time, however many ask: a database that hangs must not eat the pool. */
  private databaseAnswers(): Promise<boolean> {
    this.ping ??= this.dataSource
      .query('SELECT 1')
      .then(
        () => true,
        () => false,
      )
      .finally(() => (this.ping = undefined));
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PING_TIMEOUT_MS).unref());
    return Promise.race([this.ping, late]);
  }
}
