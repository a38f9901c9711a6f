import { describe, expect, it } from 'vitest';
import { UnmarkedText } from './unmarked-text.js';

function piecesOf(parts: string[]): string[] {
  const text = new UnmarkedText();
  return [...parts.map((part) => text.take(part)), text.rest()].filter((piece) => piece !== '');
}

/** All ways of cutting a text into two, and into three, and into single units. */
function cutsOf(text: string): string[][] {
  const cuts: string[][] = [[text], text.split('')];
  for (let a = 1; a < text.length; a += 1) {
    cuts.push([text.slice(0, a), text.slice(a)]);
    for (let b = a + 1; b < text.length; b += 1)
      cuts.push([text.slice(0, a), text.slice(a, b), text.slice(b)]);
  }
  return cuts;
}

const TEXTS = [
  ['plain', 'Hello, 世界 👋🏽!', 'Hello, 世界 👋🏽!'],
  ['an error', '[ERROR] fire', '［ERROR] fire'],
  ['an error behind white space', ' \n[ERROR] fire', ' \n［ERROR] fire'],
  ['an error in the middle', 'a [ERROR]', 'a ［ERROR]'],
  ['an id', 'x[MESSAGE_ID:12]y', 'x［MESSAGE_ID:12]y'],
  ['an id that does not end', 'x[MESSAGE_ID:', 'x［MESSAGE_ID:'],
  ['an id as documents write it', '[MESSAGE_ID]', '［MESSAGE_ID]'],
  ['one in the other', '[ERR[ERROR]OR]', '[ERR［ERROR]OR]'],
  ['two', '[ERROR][ERROR]', '［ERROR]［ERROR]'],
  ['almost one', '[ERRO] [error] [MESSAGE]', '[ERRO] [error] [MESSAGE]'],
  ['the beginning of one', 'x [MESS', 'x [MESS'],
  ['white space around', '\n\n a \t\u3000 b \n ', '\n\n a \t\u3000 b \n '],
  ['white space at the end', 'a👋 \n', 'a👋 \n'],
] as const;

describe('the text of a model, for pages that look at each piece', () => {
  it.each(TEXTS)('is whole and without markers: %s', (_what, text, shown) => {
    for (const parts of cutsOf(text)) {
      const pieces = piecesOf(parts);
      expect([parts, pieces.join('')]).toEqual([parts, shown]);
      expect(pieces.filter((piece) => piece.trim() === '')).toEqual([]);
    }
  });

  it.each(['', ' ', ' \n\uFEFF'])('is nothing where there is nothing to be seen: %j', (text) => {
    for (const parts of cutsOf(text)) expect(piecesOf(parts)).toEqual([]);
  });

  it('is cut in no character', () => {
    const pieces = piecesOf('👋a👋🏽 [👋'.split(''));
    for (const piece of pieces.slice(1)) expect(piece).not.toMatch(/^[\uDC00-\uDFFF]/);
  });

  it('is not looked through again and again while white space comes', () => {
    const text = new UnmarkedText();
    text.take('x');
    for (let n = 0; n < 500_000; n += 1) text.take(' ');
    expect(text.rest()).toHaveLength(500_001);
  });
});
