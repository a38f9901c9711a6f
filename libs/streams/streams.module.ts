import { type DynamicModule, Global, Module } from '@nestjs/common';
import { EventStreams } from './event-streams.js';
import { InMemoryEventStreams } from './in-memory-event-streams.js';

/** Replayable event streams. */
@Global()
@Module({})
export class StreamsModule {
  /** @param options.retentionMs how long an ended stream can still be read */
  static of(options: { retentionMs: number }): DynamicModule {
    const streams = {
      provide: EventStreams,
      useFactory: () => new InMemoryEventStreams(options.retentionMs),
    };
    return { module: StreamsModule, providers: [streams], exports: [EventStreams] };
  }
}
