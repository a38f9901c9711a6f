import { LocalListener, LocalListeners } from './local-listeners.js';
import { Signals } from './signals.js';

/** Signals within one process. */
export class InProcessSignals extends Signals {
  private readonly listeners = new LocalListeners();

  async send(topic: string, data: unknown): Promise<void> {
    this.listeners.tell(topic, JSON.stringify(data) ?? 'null');
  }

  on(topic: string, listener: (data: unknown) => void): () => void {
    return this.listeners.add(topic, new LocalListener(listener));
  }
}
