import { resolve } from 'node:path';
import { Child, type Exit, temporaryFolder } from './child.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LISTENS = /Parley listens on (https?:\/\/[^\s"\\]+)/;

export interface ApiOptions {
  /** Variables beside (or instead of) the standard ones; undefined takes a standard one away. */
  env?: Record<string, string | undefined>;
  /** DATA_DIR: given again to a second process or after a restart, it keeps what the first one wrote. */
  dir?: string;
  /** What is started: absolute, or relative to the repository. */
  entry?: string;
  /** What the process writes when it is ready; its first group is the URL. */
  ready?: RegExp;
  startTimeoutMs?: number;
}

export interface Stopped extends Exit {
  /** From the signal to the end of the process. */
  ms: number;
}

/** A built process of Parley, started as an operator starts it: with the environment alone, in an empty folder. */
export interface ApiProcess {
  /** Where it listens, without a slash at the end. */
  url: string;
  pid: number;
  dataDir: string;
  env: Record<string, string>;
  /** What it has written so far, standard output and error. */
  logs(): string;
  /** Resolves when the process has ended, however. */
  exited: Promise<Exit>;
  /** SIGTERM; SIGKILL where it takes longer than 20 s. */
  stop(): Promise<Stopped>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Any other signal, to be followed by `exited` where it ends the process. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts a process and waits until it listens. Where it does not, the error has what it wrote. */
export async function startApi(options: ApiOptions = {}): Promise<ApiProcess> {
  const { entry = 'dist/src/main.js', ready = LISTENS, startTimeoutMs = 60_000 } = options;
  const dataDir = options.dir ?? temporaryFolder('data');
  const env = environment(dataDir, options.env);
  const child = new Child(process.execPath, [resolve(ROOT, entry)], { cwd: temporaryFolder('cwd'), env });
  try {
    const match = await child.waitFor(ready, startTimeoutMs);
    return apiProcess(child, (match[1] ?? '').replace(/\/$/, ''), dataDir, env);
  } catch (error) {
    await child.kill();
    throw error;
  }
}

function apiProcess(child: Child, url: string, dataDir: string, env: Record<string, string>): ApiProcess {
  return {
    url,
    pid: child.pid,
    dataDir,
    env,
    logs: () => child.output(),
    exited: child.exited,
    stop: async () => {
      const from = performance.now();
      const exit = await child.stop();
      return { ...exit, ms: performance.now() - from };
    },
    kill: () => child.kill(),
    signal: (signal) => child.signal(signal),
  };
}

function environment(dataDir: string, given: ApiOptions['env'] = {}): Record<string, string> {
  const standard = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    NODE_ENV: 'test',
    RATE_LIMIT_SCALE: '0',
    // Calls of the model are counted by tests; what a title adds, titles.spec.ts says.
    AUTO_TITLES: 'false',
  };
  const all = Object.entries({ ...standard, ...given });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
