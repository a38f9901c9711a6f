/** What became of one place of the target: heard as meant, heard otherwise, not heard, or heard without being meant. */
export type Alignment =
  | { kind: 'match' | 'different'; target: number; heard: number }
  | { kind: 'missing'; target: number }
  | { kind: 'extra'; heard: number };

const GAP_COST = 1;
/** Less than to leave one out and take the other in; more than one gap, so that words which agree are found. */
const DIFFERENT_COST = 1.5;
/** A word that begins or ends alike is more likely what became of the one that was meant than any other. */
const ALIKE_COST = 1.25;

const DIAGONAL = 0;
const UP = 1;
const LEFT = 2;

/** The most that is compared, target times heard: about ten milliseconds. */
export const MAX_CELLS = 1_000_000;

/**
 * Lays what was heard beside what was meant, with the fewest differences (Needleman-Wunsch): every place of both
 * comes once, in its order. Takes time and memory of `target.length * heard.length`, which the caller bounds
 * by MAX_CELLS.
 */
export function align(target: readonly string[], heard: readonly string[]): Alignment[] {
  const width = heard.length + 1;
  const ways = new Uint8Array((target.length + 1) * width);
  ways.fill(LEFT, 1, width);
  let above = Float32Array.from({ length: width }, (_, column) => column * GAP_COST);
  let row = new Float32Array(width);
  for (let t = 1; t <= target.length; t += 1) {
    row[0] = t * GAP_COST;
    ways[t * width] = UP;
    for (let h = 1; h < width; h += 1) {
      const both = above[h - 1]! + difference(target[t - 1]!, heard[h - 1]!);
      const up = above[h]! + GAP_COST;
      const left = row[h - 1]! + GAP_COST;
      const best = Math.min(both, up, left);
      row[h] = best;
      ways[t * width + h] = best === both ? DIAGONAL : best === up ? UP : LEFT;
    }
    [above, row] = [row, above];
  }
  return wayBack(target, heard, ways);
}

function wayBack(target: readonly string[], heard: readonly string[], ways: Uint8Array): Alignment[] {
  const way: Alignment[] = [];
  for (let t = target.length, h = heard.length; t > 0 || h > 0;) {
    const step = ways[t * (heard.length + 1) + h];
    if (step !== LEFT) t -= 1;
    if (step !== UP) h -= 1;
    if (step === UP) way.push({ kind: 'missing', target: t });
    else if (step === LEFT) way.push({ kind: 'extra', heard: h });
    else way.push({ kind: target[t] === heard[h] ? 'match' : 'different', target: t, heard: h });
  }
  return way.reverse();
}

function difference(one: string, other: string): number {
  if (one === other) return 0;
  return one[0] === other[0] || one.at(-1) === other.at(-1) ? ALIKE_COST : DIFFERENT_COST;
}
