import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { EventStreams } from './event-streams.js';
import { InMemoryEventStreams } from './in-memory-event-streams.js';
import { InProcessSignals } from './in-process-signals.js';
import { RedisConnections } from './redis-connections.js';
import { RedisEventStreams } from './redis-event-streams.js';
import { RedisSignals } from './redis-signals.js';
import { Signals } from './signals.js';

/** How long a start waits for Redis before it goes on without. */
const CONNECT_MS = 2_000;

interface Options {
  /** How long an ended stream can still be read. */
  retentionMs: number;
  /** Where streams and signals are shared by all processes; without it each process has its own. */
  redisUrl?: string | undefined;
  /** Begins the names of all keys and channels: installations that share a Redis differ in it. */
  prefix?: string | undefined;
}

/** Replayable event streams, and signals between processes: in Redis where there is one. */
@Global()
@Module({})
export class StreamsModule {
  static of({ retentionMs, redisUrl, prefix }: Options): DynamicModule {
    const providers = redisUrl ? shared(redisUrl, retentionMs, prefix) : own(retentionMs);
    return { module: StreamsModule, providers, exports: [EventStreams, Signals] };
  }
}

function own(retentionMs: number): Provider[] {
  return [
    { provide: EventStreams, useFactory: () => new InMemoryEventStreams({ retentionMs }) },
    { provide: Signals, useFactory: () => new InProcessSignals() },
  ];
}

/** Both over the same connections, which the streams close, since they have something to deliver before. */
function shared(redisUrl: string, retentionMs: number, prefix = 'parley'): Provider[] {
  const connect = async () => {
    const connections = new RedisConnections(redisUrl);
    await connections.ready(CONNECT_MS);
    return connections;
  };
  return [
    { provide: RedisConnections, useFactory: connect },
    {
      provide: EventStreams,
      inject: [RedisConnections],
      useFactory: (connections: RedisConnections) =>
        new RedisEventStreams(connections, { retentionMs, prefix }),
    },
    {
      provide: Signals,
      inject: [RedisConnections],
      useFactory: (connections: RedisConnections) => new RedisSignals(connections, prefix),
    },
  ];
}
