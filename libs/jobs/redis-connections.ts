import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { within } from './within.js';

const COMMON: RedisOptions = {
  connectTimeout: 2_000,
  keepAlive: 10_000,
  retryStrategy: (times) => Math.min(times * 100, 2_000),
};

const KINDS = {
  /** For callers who wait: a command fails rather than waiting for Redis to come back. */
  brief: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1_000 },
  /** For what must be written down in the end: a command waits for Redis as long as it takes. */
  patient: { maxRetriesPerRequest: null },
  /** As Bull asks for it. A blocked command is answered every few seconds, so long silence means a dead connection. */
  blocking: { maxRetriesPerRequest: null, enableReadyCheck: false, socketTimeout: 30_000 },
  subscribing: { maxRetriesPerRequest: null, enableReadyCheck: false },
} satisfies Record<string, RedisOptions>;

/** Connections to one Redis that come back by themselves, with one line in the log when it goes and one when it returns. */
export class RedisConnections {
  private readonly clients: Redis[] = [];
  private readonly logger = new Logger('JobQueue');
  private away = false;

  constructor(private readonly url: string) {}

  open(kind: keyof typeof KINDS): Redis {
    const client = new Redis(this.url, { ...COMMON, ...KINDS[kind] });
    // Everybody who waits for it listens, and any number may.
    client.setMaxListeners(0);
    client.on('error', (error: { code?: string; name?: string }) =>
      this.lost(error.code ?? error.name ?? 'connection error'),
    );
    client.on('ready', () => this.back());
    this.clients.push(client);
    return client;
  }

  /** Cuts them all; what still waits for an answer fails. */
  disconnect(): void {
    for (const client of this.clients) client.disconnect();
  }

  private lost(code: string): void {
    if (!this.away) this.logger.warn(`Redis: ${code}`);
    this.away = true;
  }

  private back(): void {
    if (this.away) this.logger.log('Redis is back');
    this.away = false;
  }
}

/** Waits for a connection, for at most `ms`. Says whether it is there. */
export async function isReady(client: Redis, ms: number): Promise<boolean> {
  if (client.status === 'ready') return true;
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('ready', resolve);
  try {
    return await within(promise, ms);
  } finally {
    client.off('ready', resolve);
  }
}
