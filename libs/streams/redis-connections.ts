import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { handled } from './handled.js';
import { RedisLink } from './redis-link.js';

type NetStream = Redis['stream'];

/** Who hears a channel. */
export interface ChannelListener {
  message(text: string): void;
  /** From here on messages are heard; what was said before, also during an outage, may have been missed. */
  subscribed?(): void;
}

const OPTIONS: RedisOptions = {
  // What cannot be sent now fails now: this library keeps what is to be sent again, in its own order.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Done here, since ioredis leaves the rejection of a subscription that fails unhandled.
  autoResubscribe: false,
  connectTimeout: 1_000,
  disableClientInfo: true,
  retryStrategy: (times) => Math.min(50 * times, 500),
};

/** How many channels are subscribed with one command after an outage. */
const CHANNELS_AT_ONCE = 500;

/** A process's two connections to Redis, one for commands and one for subscriptions. They come back by themselves. */
export class RedisConnections {
  readonly commands: Redis;
  private readonly links: RedisLink[];
  private readonly subscriber: Redis;
  private readonly channels = new Map<string, Set<ChannelListener>>();
  private readonly backListeners = new Set<() => void>();
  private readonly logger = new Logger('Redis');
  private gathering: NetStream | undefined;
  private away = false;
  private closed = false;

  constructor(url: string) {
    this.commands = new Redis(url, OPTIONS);
    this.subscriber = new Redis(url, OPTIONS);
    this.links = [this.commands, this.subscriber].map((client) => new RedisLink(client));
    for (const client of [this.commands, this.subscriber]) {
      client.on('error', (error: { code?: string }) => this.lost(error.code ?? 'connection error'));
      client.on('close', () => this.lost('connection closed'));
      client.on('ready', () => this.found());
    }
    this.commands.on('ready', () => {
      for (const listener of [...this.backListeners]) listener();
    });
    this.subscriber.on('ready', () => void this.subscribeAgain());
    this.subscriber.on('message', (channel: string, text: string) => {
      for (const listener of [...(this.channels.get(channel) ?? [])]) listener.message(text);
    });
  }

  available(): boolean {
    return this.commands.status === 'ready';
  }

  /** Waits until both connections stand; false where they do not after `ms`. */
  async ready(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    while (!this.closed && !this.links.every((link) => link.ready) && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return this.links.every((link) => link.ready);
  }

  /**
   * What is sent from here on travels together, until the event loop has dealt with what it has at hand: to write on a
   * socket costs more than what is written, and of many streams each sends little.
   */
  gather(): void {
    const { stream } = this.commands;
    if (this.gathering === stream) return;
    this.gathering = stream;
    stream.cork();
    setImmediate(() => {
      stream.uncork();
      if (this.gathering === stream) this.gathering = undefined;
    });
  }

  /** Calls `listener` whenever commands can be sent again. */
  onBack(listener: () => void): void {
    this.backListeners.add(listener);
  }

  /** Hears a channel, across outages, until the returned function is called. */
  subscribe(channel: string, listener: ChannelListener): () => void {
    const known = this.channels.get(channel);
    const listeners = known ?? new Set();
    this.channels.set(channel, listeners.add(listener));
    // Again for each listener, though the server knows: its answer tells from when on this one has missed nothing.
    void this.subscribeTo([channel], [listener]);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.channels.get(channel) !== listeners) return;
      this.channels.delete(channel);
      if (this.subscriber.status === 'ready') void handled(this.subscriber.unsubscribe(channel));
    };
  }

  close(): void {
    this.closed = true;
    for (const link of this.links) link.close();
  }

  private async subscribeAgain(): Promise<void> {
    const channels = [...this.channels.keys()];
    for (let i = 0; i < channels.length; i += CHANNELS_AT_ONCE) {
      const some = channels.slice(i, i + CHANNELS_AT_ONCE);
      await this.subscribeTo(
        some,
        some.flatMap((channel) => [...(this.channels.get(channel) ?? [])]),
      );
    }
  }

  private async subscribeTo(channels: string[], listeners: ChannelListener[]): Promise<void> {
    // Otherwise everything is subscribed when the connection is back.
    if (this.subscriber.status !== 'ready') return;
    try {
      await this.subscriber.subscribe(...channels);
    } catch {
      return;
    }
    for (const listener of listeners) listener.subscribed?.();
  }

  /** One line for each outage, whatever the number of attempts. */
  private lost(why: string): void {
    if (this.away || this.closed) return;
    this.away = true;
    this.logger.warn(`away: ${why}`);
  }

  private found(): void {
    if (!this.away || !this.links.every((link) => link.ready)) return;
    this.away = false;
    this.logger.log('back');
  }
}
