import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, findProgram, freePort, removeFolder, temporaryFolder, untilReady } from './child.ts';

const START_MS = 20_000;

/** A Redis server of its own, in memory only: what it holds is gone with its process. */
export class Redis {
  readonly port: number;
  private readonly dir = temporaryFolder('redis');
  private child: Child | undefined;

  constructor(port: number) {
    this.port = port;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** What REDIS_URL takes. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = {
      save: '',
      appendonly: 'no',
      dir: this.dir,
      bind: '127.0.0.1',
      port: String(this.port),
      loglevel: 'warning',
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    this.child = new Child(findProgram('redis-server', 'redis-server'), args, {
      cwd: this.dir,
      env: process.env,
    });
    await untilReady(this.child, START_MS, () => ping(this.port));
  }

  async stop(): Promise<void> {
    await this.child?.stop();
    removeFolder(this.dir);
  }

  /** Ends the server and starts it, empty, on the same port after `downMs`. */
  async restart(downMs = 0): Promise<void> {
    await this.child?.stop();
    await sleep(downMs);
    await this.start();
  }

  /** Ends the server at once, as a crash does; `start` brings it back, empty. */
  async kill(): Promise<void> {
    await this.child?.kill();
  }
}

/** Starts a server; the caller stops it. It ends with this process in any case. */
export async function startRedis({ port }: { port?: number } = {}): Promise<Redis> {
  const server = new Redis(port ?? (await freePort()));
  await server.start();
  return server;
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer to PING')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+PONG')) resolve();
      else reject(new Error(data.toString()));
    });
  });
}
