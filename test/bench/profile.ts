import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Figures, table } from './report.ts';

/** Of a `.cpuprofile`, what is needed here. Times are microseconds. */
interface Profile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  startTime: number;
  samples: number[];
  timeDeltas: number[];
}

interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
}

const USAGE = `node test/bench/profile.ts FILE.cpuprofile [--json FILE --part streams] [--top 40] [--under NAME]
  --json, --part   only the rounds with Parley in this part of the run that wrote this JSON
  --under          only what is called by functions whose name or file has this in it`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    part: { type: 'string', default: 'streams' },
    top: { type: 'string', default: '40' },
    under: { type: 'string' },
  },
});
if (positionals[0] === undefined) throw new Error(USAGE);

const profile = JSON.parse(readFileSync(positionals[0], 'utf8')) as Profile;
const rounds = values.json === undefined ? [{ from: 0, to: Infinity }] : roundsOf(values.json, values.part);
const byId = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(
  profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
);
const self = new Map<string, number>();
const total = new Map<string, number>();
const packages = new Map<string, number>();
let all = 0;

for (let i = 0, at = profile.startTime; i < profile.samples.length; i += 1) {
  const spent = profile.timeDeltas[i + 1] ?? 0;
  at += profile.timeDeltas[i]!;
  if (spent < 0 || !rounds.some(({ from, to }) => at >= from && at <= to)) continue;
  const stack = stackOf(profile.samples[i]!);
  if (values.under !== undefined && !stack.some((frame) => frame.includes(values.under!))) continue;
  if (stack[0]!.startsWith('(idle)')) continue;
  all += spent;
  add(self, stack[0]!, spent);
  add(packages, packageOf(stack), spent);
  for (const frame of new Set(stack)) add(total, frame, spent);
}

print('Self time', self);
print('Total time', total);
print('Self time by package', packages);

function roundsOf(file: string, part: string): { from: number; to: number }[] {
  const result = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    { figures: Record<string, Figures> }
  >;
  return result[part]!.figures['parley']!.rounds;
}

/** The function that ran, and those that called it. */
function stackOf(sample: number): string[] {
  const stack: string[] = [];
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
    stack.push(nameOf(byId.get(id)!.callFrame));
  return stack;
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, '');
  return `${functionName || '(anonymous)'} ${file}${file === '' ? '' : `:${lineNumber + 1}`}`;
}

/** The package, or folder of ours, of the innermost frame that has a file. */
function packageOf(stack: string[]): string {
  if (stack[0]!.startsWith('(garbage')) return '(garbage collector)';
  for (const frame of stack) {
    const file = frame.slice(frame.indexOf(' ') + 1);
    if (file === '') continue;
    if (file.startsWith('node:')) return file.replace(/:\d+$/, '');
    return file
      .split('/')
      .slice(0, file.startsWith('@') || /^(src|libs)\//.test(file) ? 2 : 1)
      .join('/');
  }
  return '(native)';
}

function add(map: Map<string, number>, key: string, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}

function print(title: string, times: Map<string, number>): void {
  const top = [...times].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top));
  const rows = top.map(([name, time]) => [
    name,
    `${(time / 1_000).toFixed(0)} ms`,
    `${((100 * time) / all).toFixed(1)} %`,
  ]);
  console.log(`\n${title} of ${(all / 1_000).toFixed(0)} ms\n\n${table(rows)}`);
}
