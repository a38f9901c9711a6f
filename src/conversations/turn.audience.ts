import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signals } from '../../libs/streams/signals.js';
import { ENV, type Env } from '../config/env.js';

const ASK = 'turn.audience.ask';
const HERE = 'turn.audience.here';
/** How long the other processes have to say that somebody listens there. */
const ANSWER_MS = 300;

/** Told that nobody has listened to this turn for the time of grace. */
export type AbandonedListener = (messageId: number) => void;

/**
 * Who listens to which turn. A turn that was asked to end with its listeners is watched: when nobody has listened
 * here for the time of grace, the other processes are asked, and where nobody listens there either, it is abandoned.
 */
@Injectable()
export class TurnAudience implements OnApplicationShutdown {
  /** Listeners in this process, by answer. */
  private readonly listeners = new Map<number, number>();
  /** Watched turns of this process; the timer runs while nobody listens here. */
  private readonly watched = new Map<number, NodeJS.Timeout | undefined>();
  private readonly heard = new Set<number>();
  private onAbandoned: AbandonedListener = () => undefined;

  constructor(
    private readonly signals: Signals,
    @Inject(ENV) private readonly env: Env,
  ) {
    signals.on(ASK, (id) => {
      if (typeof id === 'number' && this.listeners.has(id)) void this.signals.send(HERE, id);
    });
    signals.on(HERE, (id) => {
      if (typeof id === 'number' && this.watched.has(id)) this.heard.add(id);
    });
  }

  /** Names who is told of abandoned turns. */
  listen(onAbandoned: AbandonedListener): void {
    this.onAbandoned = onAbandoned;
  }

  join(messageId: number): void {
    this.listeners.set(messageId, (this.listeners.get(messageId) ?? 0) + 1);
    if (this.watched.has(messageId)) this.setTimer(messageId, undefined);
  }

  leave(messageId: number): void {
    const left = (this.listeners.get(messageId) ?? 1) - 1;
    if (left > 0) this.listeners.set(messageId, left);
    else this.listeners.delete(messageId);
    if (left === 0 && this.watched.has(messageId)) this.wait(messageId);
  }

  /** Watches a turn of this process from now on. */
  watch(messageId: number): void {
    this.watched.set(messageId, undefined);
    if (!this.listeners.has(messageId)) this.wait(messageId);
  }

  /** The turn has ended. */
  unwatch(messageId: number): void {
    clearTimeout(this.watched.get(messageId));
    this.watched.delete(messageId);
    this.heard.delete(messageId);
  }

  onApplicationShutdown(): void {
    for (const id of [...this.watched.keys()]) this.unwatch(id);
  }

  private wait(messageId: number): void {
    const timer = setTimeout(() => void this.ask(messageId), this.env.DISCONNECT_GRACE_MS);
    this.setTimer(messageId, timer.unref());
  }

  private setTimer(messageId: number, timer: NodeJS.Timeout | undefined): void {
    clearTimeout(this.watched.get(messageId));
    this.watched.set(messageId, timer);
  }

  private async ask(messageId: number): Promise<void> {
    this.heard.delete(messageId);
    await this.signals.send(ASK, messageId);
    await sleep(ANSWER_MS);
    if (!this.watched.has(messageId) || this.listeners.has(messageId)) return;
    if (this.heard.has(messageId)) this.wait(messageId);
    else this.onAbandoned(messageId);
  }
}
