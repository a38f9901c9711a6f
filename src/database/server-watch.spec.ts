import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DatabaseSilentError } from './failures.js';
import { type Ghost, ServerWatch } from './server-watch.js';

/** A server that answers when it is told to. */
class Server {
  answers = true;
  asked = 0;
  ghosts: Ghost[] = [];

  ask = async (ghosts: readonly Ghost[], signal: AbortSignal): Promise<void> => {
    this.asked += 1;
    while (!this.answers) {
      if (signal.aborted) throw new Error('silent');
      await sleep(10);
    }
    this.ghosts.push(...ghosts);
  };
}

/** A statement that waits until it is answered or given up. */
function statement(watch: ServerWatch, threadId: number) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const giveUp = () => {
    watch.haunt({ threadId, port: 1 });
    reject(new DatabaseSilentError());
  };
  const done = watch.during(() => promise, giveUp).catch((error: Error) => error.name);
  return { done, answer: () => resolve('answered') };
}

describe.concurrent('a watched server', () => {
  it('may take its time where it answers, up to the limit', async () => {
    const server = new Server();
    const watch = new ServerWatch(server.ask, 4_000);
    const [first, second] = [statement(watch, 1), statement(watch, 2)];
    await sleep(3_000);
    expect(server.asked).toBeGreaterThan(0);
    expect(() => watch.assertAnswering()).not.toThrow();
    first.answer();
    expect(await first.done).toBe('answered');
    expect(await second.done).toBe('DatabaseSilentError');
    expect(watch.outages).toBe(0);
    while (server.ghosts.length === 0) await sleep(20);
    expect(server.ghosts).toEqual([{ threadId: 2, port: 1 }]);
    watch.close();
  });

  it('that is silent keeps nobody, until it answers again', async () => {
    const server = new Server();
    server.answers = false;
    const watch = new ServerWatch(server.ask, 60_000);
    const many = Array.from({ length: 5 }, (_, n) => statement(watch, n));
    const results = await Promise.all(many.map(({ done }) => done));
    expect(results).toEqual(Array(5).fill('DatabaseSilentError'));
    expect(() => watch.assertAnswering()).toThrow(DatabaseSilentError);
    expect(server.ghosts).toEqual([]);
    server.answers = true;
    while (server.ghosts.length === 0) await sleep(20);
    await sleep(300);
    expect(() => watch.assertAnswering()).not.toThrow();
    expect(server.ghosts.map(({ threadId }) => threadId)).toEqual([0, 1, 2, 3, 4]);
    expect(watch.outages).toBe(1);
    watch.close();
  });

  it('is not silent that answers somebody, though it takes no new connection', async () => {
    const server = new Server();
    server.answers = false;
    const watch = new ServerWatch(server.ask, 60_000);
    const slow = statement(watch, 1);
    for (let n = 0; n < 30; n += 1) {
      watch.hear();
      await sleep(200);
    }
    expect(watch.outages).toBe(0);
    expect(server.asked).toBeGreaterThan(0);
    slow.answer();
    expect(await slow.done).toBe('answered');
    watch.close();
  });
});
