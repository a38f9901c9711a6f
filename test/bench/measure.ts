import { setTimeout as sleep } from 'node:timers/promises';
import { open, talk, type Timing, type TurnRequest } from './call.ts';
import { type Collector, CpuMeter, residentMiB } from './processes.ts';
import type { Form, Model, Target } from './targets.ts';

/** What was measured of one target. */
export interface Sample {
  first: number[];
  whole: number[];
  /** Turns and milliseconds of each round, and when it began and ended on the machine's monotonic clock. */
  rounds: { turns: number; ms: number; from: number; to: number }[];
  /** Processor time of every process that took part, in milliseconds. */
  cpu: CpuMeter;
}

export interface Load {
  clients: number;
  /** Turns of each client, one after the other in one conversation. */
  turns: number;
  rounds: number;
  model: Model;
  form: Form;
}

/**
 * Puts the same load on each target in turn, round by round and each round in another order: what disturbs the
 * machine disturbs them all. The first round is not counted.
 */
export async function measure(
  targets: Target[],
  shared: Record<string, number>,
  { clients, turns, rounds, model, form }: Load,
): Promise<Map<Target, Sample>> {
  const samples = new Map<Target, Sample>();
  const prepared = new Map<Target, TurnRequest[][]>();
  for (const target of targets) {
    const own = Object.values(shared).includes(target.pid) ? {} : { [target.name]: target.pid };
    const cpu = new CpuMeter({ ...shared, ...target.helpers, ...own });
    samples.set(target, { first: [], whole: [], rounds: [], cpu });
    const requests: TurnRequest[][] = [];
    for (let round = 0; round <= rounds; round += 1)
      requests.push(await target.prepare(clients, model, form));
    prepared.set(target, requests);
  }
  await sleep(500);
  for (let round = 0; round <= rounds; round += 1) {
    for (let i = 0; i < targets.length; i += 1) {
      const target = targets[(i + round) % targets.length]!;
      const sample = samples.get(target)!;
      if (round > 0) sample.cpu.begin();
      const from = microseconds();
      const timings = await all(prepared.get(target)![round]!, turns);
      const to = microseconds();
      if (round === 0) continue;
      sample.cpu.end();
      sample.rounds.push({ turns: timings.length, ms: (to - from) / 1_000, from, to });
      sample.first.push(...timings.map(({ first }) => first));
      sample.whole.push(...timings.map(({ whole }) => whole));
    }
  }
  return samples;
}

/** The clock of CPU profiles. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

async function all(requests: TurnRequest[], turns: number): Promise<Timing[]> {
  const timings: Timing[] = [];
  await Promise.all(
    requests.map(async (request) => {
      for (let turn = 0; turn < turns; turn += 1) timings.push(await talk(request));
    }),
  );
  return timings;
}

/** Resident memory in MiB: as it is found, and after the garbage was collected. */
export interface Memory {
  found: number;
  collected: number;
}

/** Resident memory of one target: at rest, with streams open, and after each time they were closed. */
export interface MemorySample {
  before: Memory;
  levels: { streams: number; open: Memory; closed: Memory }[];
}

/** @param levels how many streams are open at a time; a number may come again, to see whether memory comes back */
export async function measureMemory(
  target: Target,
  collector: Collector,
  levels: number[],
  settleMs: number,
): Promise<MemorySample> {
  for (const request of await target.prepare(20, 'test:count=50', 'stream')) await talk(request);
  const prepared: TurnRequest[][] = [];
  for (const level of levels)
    prepared.push(await target.prepare(level, 'test:gap=50,hang=20,count=50', 'stream'));
  const read = async (): Promise<Memory> => {
    await sleep(settleMs);
    const found = residentMiB(target.pid);
    await collector.collect();
    return { found, collected: residentMiB(target.pid) };
  };
  const sample: MemorySample = { before: await read(), levels: [] };
  for (const requests of prepared) {
    const turns = await Promise.all(requests.map((request) => open(request)));
    const opened = await read();
    for (const turn of turns) turn.leave();
    await target.stop(turns);
    sample.levels.push({ streams: requests.length, open: opened, closed: await read() });
  }
  return sample;
}
