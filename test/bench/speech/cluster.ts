import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiProcess, startApi } from '../../support/api-process.ts';
import { freePort } from '../../support/child.ts';
import type { ApiClient } from '../../support/client.ts';
import { startWhisperMachine, type WhisperMachine } from '../../support/whisper-machine.ts';
import { enginePids } from '../../support/whisper-server.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';
import { range } from '../parallel.ts';

type Variables = Record<string, string | undefined>;

interface SpeechOptions extends ClusterOptions {
  /** Whisper microservices with one engine each; 2, if not given. */
  whispers?: number;
  workers?: number;
  /** Variables of every microservice. */
  whisperEnv?: Variables;
}

/** API processes, workers and Whisper microservices over one database and one Redis. */
export class SpeechCluster {
  readonly whispers: WhisperMachine[] = [];
  readonly workers: ApiProcess[] = [];
  private readonly ports: number[];
  private readonly whisperEnv: Variables;
  private readonly speechEnv: Variables;
  readonly cluster: Cluster;

  private constructor(cluster: Cluster, ports: number[], options: SpeechOptions) {
    this.cluster = cluster;
    this.ports = ports;
    this.whisperEnv = options.whisperEnv ?? {};
    this.speechEnv = { ...options.env, WHISPER_URL: urlsOf(ports) };
  }

  static async start(options: SpeechOptions = {}): Promise<SpeechCluster> {
    const { whispers = 2, workers = 1 } = options;
    const ports = await Promise.all(range(whispers).map(freePort));
    const env = { ...options.env, WHISPER_URL: urlsOf(ports) };
    const cluster = await Cluster.start({ processes: 1, ...options, env });
    const speech = new SpeechCluster(cluster, ports, options);
    for (const place of range(whispers)) await speech.startWhisper(place);
    if (!options.sqlite) for (const place of range(workers)) await speech.startWorker(place);
    return speech;
  }

  /** Starts the microservice of this place: again at its address, where there was one (which has ended). */
  async startWhisper(place: number): Promise<WhisperMachine> {
    const port = String(this.ports[place]);
    const env = { WHISPER_PORT: port, WHISPER_THREADS: '1', ...this.whisperEnv };
    const machine = await untilFree(() => startWhisperMachine(env));
    this.whispers[place] = machine;
    return machine;
  }

  /** A worker of the cluster's own database and Redis. */
  async startWorker(place: number): Promise<ApiProcess> {
    const env = { ...this.cluster.variables, ...this.speechEnv };
    const options = { entry: 'dist/src/main.worker.js', ready: /Parley worker is at work/ };
    const worker = await startApi({ ...options, dir: this.cluster.dataDir, env });
    this.workers[place] = worker;
    return worker;
  }

  /** Where the microservices listen. */
  get addresses(): string[] {
    return this.ports.map((port) => `127.0.0.1:${port}`);
  }

  register(): Promise<ApiClient> {
    return this.cluster.register();
  }

  /** The process of the engine that this microservice has started. */
  enginePid(place: number): number {
    const [pid] = enginePids(this.whispers[place]!.pid);
    if (pid === undefined) throw new Error('this microservice has no engine just now');
    return pid;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, ...this.whispers].map((process) => process.stop()));
    await this.cluster.stop();
  }
}

function urlsOf(ports: number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}

/** A port that was given up may be somebody's way out for a moment, on a machine with many connections. */
async function untilFree<T>(start: () => Promise<T>, tries = 20): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (tries === 1 || !(error as Error).message.includes('EADDRINUSE')) throw error;
    await sleep(200);
    return untilFree(start, tries - 1);
  }
}
