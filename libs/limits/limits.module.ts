import { type DynamicModule, Global, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { FlexibleRateLimiter } from './flexible-rate-limiter.js';
import { RateLimiter } from './rate-limiter.js';

class RedisRateLimiter extends FlexibleRateLimiter implements OnApplicationShutdown {
  constructor(
    options: { scale: number; prefix?: string | undefined },
    private readonly client: Redis,
  ) {
    super({ ...options, redis: client });
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}

function connect(url: string): Redis {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 1_000,
  });
  const logger = new Logger('RateLimiter');
  client.on('error', (error: { code?: string }) => logger.warn(`Redis: ${error.code ?? 'connection error'}`));
  return client;
}

/** Rate limits, in Redis where there is one. */
@Global()
@Module({})
export class LimitsModule {
  /** @param options.prefix begins the names of all keys: installations that share a Redis differ in it */
  static of(options: { redisUrl?: string; scale: number; prefix?: string }): DynamicModule {
    const limiter = {
      provide: RateLimiter,
      useFactory: () =>
        options.redisUrl
          ? new RedisRateLimiter(options, connect(options.redisUrl))
          : new FlexibleRateLimiter(options),
    };
    return { module: LimitsModule, providers: [limiter], exports: [RateLimiter] };
  }
}
