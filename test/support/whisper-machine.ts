import { type ApiProcess, startApi } from './api-process.ts';
import { freePort } from './child.ts';
import { FIXTURE_MODEL, whisperServerBinary } from './whisper-server.ts';

export interface WhisperMachine extends ApiProcess {
  /** `host:port`. */
  address: string;
  /** What it has counted, by the names of its metrics with their labels. */
  counts(): Promise<Map<string, number>>;
}

/** A built Whisper machine with the fixture model; the caller stops it. */
export async function startWhisperMachine(
  env: Record<string, string | undefined> = {},
): Promise<WhisperMachine> {
  const metricsPort = String(await freePort());
  const standard = {
    NODE_ENV: 'production',
    WHISPER_PORT: '0',
    WHISPER_METRICS_PORT: metricsPort,
    WHISPER_MODEL: FIXTURE_MODEL,
    WHISPER_SERVER_BIN: await whisperServerBinary(),
  };
  const machine = await startApi({
    entry: 'dist/src/main.whisper.js',
    ready: /Parley Whisper listens on ([\d.]+:\d+)/,
    env: { ...standard, ...env },
  });
  const counts = async () => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => /^\w/.test(line));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  };
  return Object.assign(machine, { address: machine.url, counts });
}
