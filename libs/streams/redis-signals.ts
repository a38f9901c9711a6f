import { randomBytes } from 'node:crypto';
import { LocalListener, LocalListeners } from './local-listeners.js';
import type { RedisConnections } from './redis-connections.js';
import { Signals } from './signals.js';

/** Of messages. Another build's are not read: it runs beside this one while a new version is rolled out. */
const VERSION = 1;

/** Signals through Redis; its own process hears them directly, also while Redis is away. */
export class RedisSignals extends Signals {
  private readonly listeners = new LocalListeners();
  private readonly self = randomBytes(9).toString('base64url');

  /** @param prefix what every channel begins with */
  constructor(
    private readonly connections: RedisConnections,
    private readonly prefix = 'parley',
  ) {
    super();
  }

  async send(topic: string, data: unknown): Promise<void> {
    const json = JSON.stringify(data) ?? 'null';
    this.listeners.tell(topic, json);
    if (!this.connections.available()) return;
    const message = JSON.stringify({ v: VERSION, from: this.self, json });
    await this.connections.commands.publish(this.channelOf(topic), message).catch(() => undefined);
  }

  on(topic: string, listener: (data: unknown) => void): () => void {
    const local = new LocalListener(listener);
    const leave = this.listeners.add(topic, local);
    const unsubscribe = this.connections.subscribe(this.channelOf(topic), {
      message: (text) => {
        const json = this.fromOthers(text);
        if (json !== undefined) local.tell(json);
      },
    });
    return () => {
      leave();
      unsubscribe();
    };
  }

  /** What another process says, if this build can read it. */
  private fromOthers(message: string): string | undefined {
    try {
      const { v, from, json } = Object(JSON.parse(message)) as Record<string, unknown>;
      return v === VERSION && from !== this.self && typeof json === 'string' ? json : undefined;
    } catch {
      return undefined;
    }
  }

  private channelOf(topic: string): string {
    return `${this.prefix}:${this.connections.commands.options.db ?? 0}:signal:${topic}`;
  }
}
