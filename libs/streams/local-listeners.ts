import { Logger } from '@nestjs/common';

/** One listener of this process. If it fails, that harms neither the sender nor the others. */
export class LocalListener {
  private static readonly logger = new Logger('Signals');
  private off = false;

  constructor(private readonly listener: (data: unknown) => void) {}

  leave(): void {
    this.off = true;
  }

  /** Gives it a copy of its own. */
  tell(json: string): void {
    if (this.off) return;
    try {
      this.listener(JSON.parse(json));
    } catch (error) {
      LocalListener.logger.error(`a listener failed: ${(error as Error).name}`);
    }
  }
}

/** The listeners of this process, by topic. */
export class LocalListeners {
  private readonly topics = new Map<string, Set<LocalListener>>();

  add(topic: string, listener: LocalListener): () => void {
    const listeners = this.topics.get(topic) ?? new Set();
    this.topics.set(topic, listeners.add(listener));
    return () => {
      listener.leave();
      listeners.delete(listener);
      if (listeners.size === 0 && this.topics.get(topic) === listeners) this.topics.delete(topic);
    };
  }

  /** Tells all, after the caller has gone on. */
  tell(topic: string, json: string): void {
    for (const listener of this.topics.get(topic) ?? []) queueMicrotask(() => listener.tell(json));
  }
}
