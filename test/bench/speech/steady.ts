/**
 * Many recordings, four at a time: whether memory stays what it was, how late the event loops are, and how a long one
 * gains by a second engine.
 *
 *     node test/bench/speech/steady.ts [--jobs 300] [--minutes 10]
 */
import { parseArgs } from 'node:util';
import { parallel, range } from '../parallel.ts';
import { residentMiB } from '../processes.ts';
import { percent, table } from '../report.ts';
import { handIn, outcome } from './client.ts';
import { SpeechCluster } from './cluster.ts';
import { joinedPcm, webmOf } from './recordings.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '300' }, minutes: { type: 'string', default: '10' } },
});
const jobs = Number(values.jobs);
const AT_ONCE = 4;
const NODE_OPTIONS = `--import=${new URL('loop-delay.ts', import.meta.url).pathname}`;
const env = { SPEECH_JOBS_PER_USER: '1000', SPEECH_CONCURRENCY: '4', NODE_OPTIONS };

function delayOf(logs: string): string {
  return [...logs.matchAll(/loop delay p99 ([\d.]+) of/g)].at(-1)?.[1] ?? '?';
}

async function memory(): Promise<void> {
  const speech = await SpeechCluster.start({ env });
  try {
    const client = await speech.register();
    const sound = webmOf(joinedPcm(20));
    const pids = {
      API: speech.cluster.apis[0]!.pid,
      worker: speech.workers[0]!.pid,
      'microservice 1': speech.whispers[0]!.pid,
      'engine 1': speech.enginePid(0),
    };
    const work = (count: number) =>
      parallel(AT_ONCE, range(count), async () => {
        const { status } = await outcome(client, (await handIn(client, sound)).id);
        if (status !== 'done') throw new Error(`a transcription is ${status}`);
      });
    const rows = [['jobs', ...Object.keys(pids)]];
    const note = (count: number) =>
      rows.push([String(count), ...Object.values(pids).map((pid) => residentMiB(pid).toFixed(0))]);
    await work(20);
    for (const pid of [pids.API, pids.worker]) process.kill(pid, 'SIGWINCH');
    note(0);
    const steps = 6;
    for (const step of range(steps)) {
      await work(Math.ceil(jobs / steps));
      note(Math.ceil(jobs / steps) * (step + 1));
    }
    console.log(`Resident memory in MiB, ${AT_ONCE} recordings of 20 s at a time:\n${table(rows)}`);
    const delays = [speech.cluster.apis[0]!, speech.workers[0]!].map((process) => delayOf(process.logs()));
    console.log(`Event loop delay at 99 %: API ${delays[0]} ms, worker ${delays[1]} ms`);
  } finally {
    await speech.stop();
  }
}

async function wholeLong(whispers: number, sound: Buffer): Promise<number> {
  const speech = await SpeechCluster.start({ whispers, env: { SPEECH_MAX_SECONDS: '7200' } });
  try {
    const client = await speech.register();
    const from = performance.now();
    const { status } = await outcome(client, (await handIn(client, sound, { language: 'en' })).id, 600_000);
    if (status !== 'done') throw new Error(`the long one is ${status}`);
    return performance.now() - from;
  } finally {
    await speech.stop();
  }
}

async function long(minutes: number): Promise<void> {
  const sound = webmOf(joinedPcm(minutes * 60));
  const times: number[][] = [[], []];
  for (const round of range(3)) {
    for (const i of range(2)) {
      const place = (i + round) % 2;
      times[place]!.push(await wholeLong(place + 1, sound));
    }
  }
  const [one, two] = times.map((all) => Math.min(...all));
  const seconds = [one!, two!].map((time) => (time / 1_000).toFixed(1));
  console.log(
    `${minutes} minutes: ${seconds[0]} s with one engine, ${seconds[1]} s with two (${percent(two! / one!)}), one thread each`,
  );
}

await memory();
await long(Number(values.minutes));
process.exit();
