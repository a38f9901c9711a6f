import { readdirSync, readFileSync } from 'node:fs';
import { type ApiProcess, startApi } from '../../support/api-process.ts';
import { freePort } from '../../support/child.ts';
import type { ApiClient } from '../../support/client.ts';
import { MODEL, whisperServer } from '../../support/whisper.ts';
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
  readonly whispers: ApiProcess[] = [];
  readonly workers: ApiProcess[] = [];
  private readonly ports: { grpc: number; metrics: number }[];
  private readonly whisperEnv: Variables;
  private readonly speechEnv: Variables;
  readonly cluster: Cluster;

  private constructor(cluster: Cluster, ports: { grpc: number; metrics: number }[], options: SpeechOptions) {
    this.cluster = cluster;
    this.ports = ports;
    this.whisperEnv = options.whisperEnv ?? {};
    this.speechEnv = { ...options.env, WHISPER_URL: urlsOf(ports) };
  }

  static async start(options: SpeechOptions = {}): Promise<SpeechCluster> {
    const { whispers = 2, workers = 1 } = options;
    const ports = await Promise.all(
      range(whispers).map(async () => ({ grpc: await freePort(), metrics: await freePort() })),
    );
    const env = { ...options.env, WHISPER_URL: urlsOf(ports) };
    const cluster = await Cluster.start({ processes: 1, ...options, env });
    const speech = new SpeechCluster(cluster, ports, options);
    for (const place of range(whispers)) await speech.startWhisper(place);
    if (!options.sqlite) for (const place of range(workers)) await speech.startWorker(place);
    return speech;
  }

  /** Starts the microservice of this place: again at its address, where there was one (which has ended). */
  async startWhisper(place: number): Promise<ApiProcess> {
    const { grpc, metrics } = this.ports[place]!;
    const env = {
      WHISPER_PORT: String(grpc),
      WHISPER_METRICS_PORT: String(metrics),
      WHISPER_SERVER_BIN: await whisperServer(),
      WHISPER_MODEL: MODEL,
      WHISPER_THREADS: '1',
      ...this.whisperEnv,
    };
    const entry = 'dist/src/main.whisper.js';
    const whisper = await startApi({ entry, ready: /Parley Whisper listens on (\S+?)["\s]/, env });
    this.whispers[place] = whisper;
    return whisper;
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
    return this.ports.map(({ grpc }) => `127.0.0.1:${grpc}`);
  }

  register(): Promise<ApiClient> {
    return this.cluster.register();
  }

  /** What a microservice has counted, by the metric's name with its labels. */
  async metrics(place: number): Promise<Map<string, number>> {
    const answer = await fetch(`http://127.0.0.1:${this.ports[place]!.metrics}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
    );
  }

  /** The process of the engine that this microservice has started. */
  enginePid(place: number): number {
    const pid = descendants(this.whispers[place]!.pid).find((id) => commandOf(id) === 'whisper-server');
    if (pid === undefined) throw new Error('this microservice has no engine just now');
    return pid;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, ...this.whispers].map((process) => process.stop()));
    await this.cluster.stop();
  }
}

function urlsOf(ports: { grpc: number }[]): string {
  return ports.map(({ grpc }) => `127.0.0.1:${grpc}`).join(',');
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** Children of a process, and theirs. */
function descendants(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = all.map((name) => [Number(name), parentOf(Number(name))] as const);
  const found = [pid];
  for (const ancestor of found)
    found.push(...parents.filter(([, parent]) => parent === ancestor).map(([id]) => id));
  return found.slice(1);
}
