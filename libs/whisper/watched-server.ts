import { setTimeout as sleep } from 'node:timers/promises';
import { statusOf } from './exchange.js';
import { EngineError } from './whisper-engine.js';
import { NAME_LENGTH, type WhisperServerPlace } from './whisper-server-place.js';

const POLL_MS = 1_000;
const TIMEOUT_MS = 5_000;

/** A `whisper-server` that somebody else runs. It is ready while it says so, which it is asked once a second. */
export class WatchedServer implements WhisperServerPlace {
  readonly name: string;
  private readonly closing = new AbortController();
  private readonly url: URL;
  private isHealthy = false;
  private running: Promise<void> | undefined;

  /** @throws EngineError engine_refused for an address that is none */
  constructor({ address, name = 'whisper.cpp' }: { address: string; name?: string }) {
    this.name = name.slice(0, NAME_LENGTH);
    this.url = urlOf(address);
  }

  async start(): Promise<void> {
    this.running ??= this.poll();
  }

  address(): URL | null {
    return this.isHealthy ? this.url : null;
  }

  /** After a broken connection it is asked at once; one that works for nobody must be waited for. */
  async doubt(trouble: 'broken' | 'stuck'): Promise<void> {
    if (trouble === 'broken') await this.ask();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
    this.isHealthy = false;
  }

  private async poll(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.ask();
      await sleep(POLL_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  private async ask(): Promise<void> {
    this.isHealthy = (await statusOf(new URL('health', this.url), { timeoutMs: TIMEOUT_MS })) === 200;
  }
}

function urlOf(address: string): URL {
  const url = URL.parse(address.endsWith('/') ? address : `${address}/`);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new EngineError(
      'engine_refused',
      'The address of a whisper-server begins with http:// or https://',
    );
  return url;
}
