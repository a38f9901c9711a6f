/** What became of one place of the target: heard as meant, heard otherwise, not heard, or heard without being meant. */
export type Alignment =
  | { kind: 'match' | 'different'; target: number; heard: number }
  | { kind: 'missing'; target: number }
  | { kind: 'extra'; heard: number };

/** In quarters, so that they add up exactly. */
const GAP_COST = 4;
/** Less than to leave one out and take the other in; more than one gap, so that words which agree are found. */
const DIFFERENT_COST = 6;
/** A word that begins or ends alike is more likely what became of the one that was meant than any other. */
const ALIKE_COST = 5;

const DIAGONAL = 0;
const UP = 1;
const LEFT = 2;

/** The most that is compared, target times heard: five milliseconds. */
export const MAX_CELLS = 500_000;

/**
 * Lays what was heard beside what was meant, with the fewest differences (Needleman-Wunsch): every place of both
 * comes once, in its order. Takes time and memory of `target.length * heard.length`, which the caller bounds
 * by MAX_CELLS.
 */
export function align(target: readonly string[], heard: readonly string[]): Alignment[] {
  const numbers = new Map<string, number>();
  const [meant, other] = [columnsOf(target, numbers), columnsOf(heard, numbers)];
  const width = heard.length + 1;
  const ways = new Uint8Array((target.length + 1) * width);
  ways.fill(LEFT, 1, width);
  let above = Int32Array.from({ length: width }, (_, column) => column * GAP_COST);
  let row = new Int32Array(width);
  for (let t = 1; t <= target.length; t += 1) {
    const [word, first, last] = [meant.words[t - 1], meant.firsts[t - 1], meant.lasts[t - 1]];
    let left = t * GAP_COST;
    row[0] = left;
    ways[t * width] = UP;
    for (let h = 1; h < width; h += 1) {
      const isAlike = first === other.firsts[h - 1] || last === other.lasts[h - 1];
      const cost = word === other.words[h - 1] ? 0 : isAlike ? ALIKE_COST : DIFFERENT_COST;
      const both = above[h - 1]! + cost;
      const up = above[h]! + GAP_COST;
      left += GAP_COST;
      const way = both <= up && both <= left ? DIAGONAL : up <= left ? UP : LEFT;
      left = way === DIAGONAL ? both : way === UP ? up : left;
      row[h] = left;
      ways[t * width + h] = way;
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

/** Words as numbers, and what they begin and end with: numbers are quickly compared so often. */
function columnsOf(words: readonly string[], numbers: Map<string, number>) {
  const numberOf = (word: string): number => {
    const known = numbers.get(word) ?? numbers.size;
    numbers.set(word, known);
    return known;
  };
  return {
    words: Int32Array.from(words, numberOf),
    firsts: Int32Array.from(words, (word) => word.codePointAt(0) ?? -1),
    lasts: Int32Array.from(words, (word) => word.charCodeAt(word.length - 1)),
  };
}
