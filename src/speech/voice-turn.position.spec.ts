import { describe, expect, it } from 'vitest';
import { BEGINNING, formatPosition, parsePosition } from './voice-turn.position.js';

describe('the position in a voice turn', () => {
  it.each([
    [{ transcription: 4, turn: 17, speech: 2 }, 't4.m17.s2'],
    [{ transcription: null, turn: 17, speech: 2 }, 't.m17.s2'],
    [{ transcription: null, turn: null, speech: 3 }, 't.m.s3'],
    [BEGINNING, 't0.m0.s0'],
  ])('%j is %s, and back', (position, text) => {
    expect(formatPosition(position)).toBe(text);
    expect(parsePosition(text)).toEqual(position);
  });

  it.each(['', '7', 't1.m1', 't1.m1.s1.', 'm1.t1.s1', 't-1.m0.s0', 't1.m1.s1\n', 't1.m1.s1234567890123456'])(
    'is not %j',
    (text) => expect(parsePosition(text)).toBeUndefined(),
  );
});
