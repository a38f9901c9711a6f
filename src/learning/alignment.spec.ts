import { describe, expect, it } from 'vitest';
import { align, type Alignment } from './alignment.js';

/** Numbers that are the same in every run. */
function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const WORDS = ['a', 'the', 'cat', 'sat', 'on', 'mat', 'sheep', 'ship'];

function sentence(random: () => number, length: number): string[] {
  return Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]!);
}

function costOf(alignment: Alignment[], target: string[], heard: string[]): number {
  return alignment.reduce((sum, one) => {
    if (one.kind === 'match') return sum;
    if (one.kind !== 'different') return sum + 1;
    const [meant, other] = [target[one.target]!, heard[one.heard]!];
    return sum + (meant[0] === other[0] || meant.at(-1) === other.at(-1) ? 1.25 : 1.5);
  }, 0);
}

/** Every way there is, tried. */
function cheapest(target: string[], heard: string[]): number {
  if (target.length === 0 || heard.length === 0) return target.length + heard.length;
  const [[meant, ...later], [other, ...rest]] = [
    target as [string, ...string[]],
    heard as [string, ...string[]],
  ];
  const isAlike = meant[0] === other[0] || meant.at(-1) === other.at(-1);
  const both = meant === other ? 0 : isAlike ? 1.25 : 1.5;
  return Math.min(both + cheapest(later, rest), 1 + cheapest(later, heard), 1 + cheapest(target, rest));
}

describe('align', () => {
  it('names every place of both once, in its order, whatever they are', () => {
    const random = randomly(1);
    for (let round = 0; round < 300; round += 1) {
      const [target, heard] = [12, 12].map((most) => sentence(random, Math.floor(random() * most)));
      const alignment = align(target!, heard!);
      const targets = alignment.flatMap((one) => ('target' in one ? [one.target] : []));
      const heards = alignment.flatMap((one) => ('heard' in one ? [one.heard] : []));
      expect(targets).toEqual(target!.map((_, index) => index));
      expect(heards).toEqual(heard!.map((_, index) => index));
      for (const one of alignment) {
        if (one.kind === 'match') expect(target![one.target]).toBe(heard![one.heard]);
        if (one.kind === 'different') expect(target![one.target]).not.toBe(heard![one.heard]);
      }
    }
  });

  it('has the fewest differences that there can be', () => {
    const random = randomly(2);
    for (let round = 0; round < 200; round += 1) {
      const [target, heard] = [6, 6].map((most) => sentence(random, Math.floor(random() * most)));
      expect(costOf(align(target!, heard!), target!, heard!)).toBe(cheapest(target!, heard!));
    }
  });

  it('finds all of what is the same, and exactly what was left out or put in', () => {
    const random = randomly(3);
    for (let round = 0; round < 200; round += 1) {
      const target = Array.from({ length: 20 }, (_, index) => `${index}x${index}`);
      const isLeftOut = target.map(() => random() < 0.3);
      const heard = target.filter((_, index) => !isLeftOut[index]);
      const shortened = align(target, heard);
      expect(shortened.map(({ kind }) => kind)).toEqual(isLeftOut.map((out) => (out ? 'missing' : 'match')));
      const lengthened = align(heard, target);
      expect(lengthened.map(({ kind }) => kind)).toEqual(isLeftOut.map((out) => (out ? 'extra' : 'match')));
    }
    expect(align(WORDS, WORDS).every(({ kind }) => kind === 'match')).toBe(true);
    expect(align([], [])).toEqual([]);
  });

  it('takes for the word that was meant the one that sounds like it', () => {
    expect(align(['the', 'ship', 'sank'], ['the', 'big', 'sheep', 'sank'])).toEqual([
      { kind: 'match', target: 0, heard: 0 },
      { kind: 'extra', heard: 1 },
      { kind: 'different', target: 1, heard: 2 },
      { kind: 'match', target: 2, heard: 3 },
    ]);
  });

  it('lays a thousand words beside a thousand in a moment', () => {
    const random = randomly(4);
    const from = performance.now();
    align(sentence(random, 1_000), sentence(random, 1_000));
    expect(performance.now() - from).toBeLessThan(1_000);
  });
});
