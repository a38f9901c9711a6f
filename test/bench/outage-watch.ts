import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../support/client.ts';
import { begin } from '../support/talk.ts';

const EVERY_MS = 100;
const PATIENCE_MS = 5_000;
const GIVE_UP_MS = 60_000;

interface Sample {
  askedAt: number;
  answeredAt: number;
  ready: boolean;
}

/** Asks each process again and again whether it lives and is ready, as a supervisor does. */
export class HealthWatch {
  /** Calls of /health/live that were not answered with 200. */
  notLive = 0;
  private readonly samples = new Map<string, Sample[]>();
  private running = true;
  private readonly loops: Promise<void>[];

  constructor(urls: string[]) {
    this.loops = urls.flatMap((url) => [this.askReady(url), this.askLive(url)]);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.loops);
  }

  /** Milliseconds from `since` until the last process said that it is not ready; undefined where one never did. */
  notReadyAfter(since: number): number | undefined {
    const firsts = [...this.samples.values()].map(
      (samples) => samples.find(({ askedAt, ready }) => askedAt >= since && !ready)?.answeredAt,
    );
    if (firsts.includes(undefined)) return undefined;
    return Math.max(...firsts.map((at) => at! - since));
  }

  private async askReady(url: string): Promise<void> {
    const samples: Sample[] = [];
    this.samples.set(url, samples);
    while (this.running) {
      const askedAt = performance.now();
      samples.push({ askedAt, ready: await isOk(`${url}/health/ready`), answeredAt: performance.now() });
      await sleep(EVERY_MS);
    }
  }

  private async askLive(url: string): Promise<void> {
    while (this.running) {
      if (!(await isOk(`${url}/health/live`))) this.notLive += 1;
      await sleep(EVERY_MS);
    }
  }
}

/** Milliseconds until every process is ready and has answered a send; Infinity where that took a minute. */
export async function recovery(client: ApiClient, urls: string[]): Promise<number> {
  const from = performance.now();
  const each = urls.map(async (url) => {
    while (performance.now() - from < GIVE_UP_MS) {
      if ((await isOk(`${url}/health/ready`)) && (await sends(client.at(url))))
        return performance.now() - from;
      await sleep(EVERY_MS);
    }
    return Infinity;
  });
  return Math.max(...(await Promise.all(each)));
}

async function sends(client: ApiClient): Promise<boolean> {
  try {
    const id = await begin(client);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { status, body } = await client.post(
      `conversations/${id}/messages`,
      { content: 'Are you back?' },
      { signal },
    );
    return status === 201 && body.assistantMessage.status === 'completed';
  } catch {
    return false;
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
