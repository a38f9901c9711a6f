import { describe, expect, it } from 'vitest';
import { drawPositions } from './draw-positions.js';

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function chiSquared(counts: number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('drawPositions', () => {
  it('draws different positions within the range', () => {
    const random = seeded(1);
    for (let round = 0; round < 500; round += 1) {
      const drawn = drawPositions(1_000_000, 50, random);
      expect(new Set(drawn).size).toBe(50);
      expect(
        drawn.every((position) => Number.isInteger(position) && position >= 0 && position < 1_000_000),
      ).toBe(true);
    }
  });

  it('draws all there are, once each, when asked for more', () => {
    expect(drawPositions(5, 8, seeded(2)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    expect(drawPositions(1, 8, seeded(2))).toEqual([0]);
    expect(drawPositions(0, 8, seeded(2))).toEqual([]);
    expect(drawPositions(5, 0, seeded(2))).toEqual([]);
  });

  it('stays within the range at the ends of the generator', () => {
    expect(drawPositions(3, 3, () => 0)).toEqual([0, 1, 2]);
    expect(new Set(drawPositions(3, 3, () => 1 - Number.EPSILON)).size).toBe(3);
  });

  it('draws every position equally often, at every place of the answer', () => {
    const random = seeded(3);
    const counts = Array.from({ length: 4 }, () => Array.from({ length: 20 }, () => 0));
    for (let round = 0; round < 20_000; round += 1) {
      drawPositions(20, 4, random).forEach((position, place) => (counts[place]![position]! += 1));
    }
    // 19 degrees of freedom: 43.8 is passed by chance once in a thousand.
    for (const atPlace of counts) expect(chiSquared(atPlace)).toBeLessThan(43.8);
  });

  it('draws every ordered choice equally often', () => {
    const random = seeded(4);
    const counts = new Map<string, number>();
    for (let round = 0; round < 60_000; round += 1) {
      const key = drawPositions(5, 3, random).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(60);
    // 59 degrees of freedom: 98.3 is passed by chance once in a thousand.
    expect(chiSquared([...counts.values()])).toBeLessThan(98.3);
  });
});
