import type { MemorySample, Sample } from './measure.ts';

/** The value below which a share of the values lies. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export interface Times {
  p50: number;
  p95: number;
}

export interface Figures {
  turns: number;
  first: Times;
  whole: Times;
  /** Turns a second, of all rounds together. */
  perSecond: number;
  /** Milliseconds of processor time a turn, by process. */
  cpuPerTurn: Record<string, number>;
  /** Share of one processor, by process. */
  cpuShare: Record<string, number>;
  rounds: Sample['rounds'];
}

export function figuresOf({ first, whole, rounds, cpu }: Sample): Figures {
  const turns = rounds.reduce((sum, round) => sum + round.turns, 0);
  const ms = rounds.reduce((sum, round) => sum + round.ms, 0);
  return {
    turns,
    first: timesOf(first),
    whole: timesOf(whole),
    perSecond: (turns * 1_000) / ms,
    cpuPerTurn: each(cpu.used, (used) => used / turns),
    cpuShare: each(cpu.used, (used) => used / ms),
    rounds,
  };
}

export interface MemoryFigures extends MemorySample {
  /** KiB that a further stream takes: the slope of the straight line through the levels, garbage left aside. */
  perStream: number;
  /** MiB above the beginning after everything was closed. */
  kept: number;
}

export function memoryFiguresOf(sample: MemorySample): MemoryFigures {
  const { before, levels } = sample;
  const points = [
    [0, before.collected] as const,
    ...levels.map(({ streams, open }) => [streams, open.collected] as const),
  ];
  const [meanX, meanY] = [0, 1].map((i) => points.reduce((sum, point) => sum + point[i]!, 0) / points.length);
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX!) * (y - meanY!), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX!) ** 2, 0);
  return {
    ...sample,
    perStream: (covariance / variance) * 1024,
    kept: levels.at(-1)!.closed.collected - before.collected,
  };
}

/** Rows of texts in columns; the first column to the left, the others to the right. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function timesOf(values: number[]): Times {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}

function each(record: Record<string, number>, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
