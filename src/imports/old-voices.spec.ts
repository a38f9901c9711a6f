import { describe, expect, it } from 'vitest';
import { soundOf } from './old-voices.js';

const SOUND = Buffer.from('RIFF\0\0\0\0WAVEfmt and so on\xff\xfe', 'latin1');
const BASE64 = SOUND.toString('base64');

describe('an old sound', () => {
  it.each([
    ['bytes', SOUND],
    ['base64', BASE64],
    ['base64 as bytes', Buffer.from(BASE64)],
    ['base64 in lines', BASE64.replace(/(.{10})/g, '$1\r\n')],
    ['base64 for addresses', SOUND.toString('base64url')],
    ['a data URL', `data:audio/webm;codecs=opus;base64,${BASE64}`],
    ['bytes as Python prints them', `b'${BASE64}'`],
    ['a data URL as Python prints it', `b"data:audio/wav;base64,${BASE64}"`],
  ])('is read from %s', (_, value) => {
    expect(soundOf(value)).toEqual(SOUND);
  });

  it('is not there where nothing is, and stays what it is where it is text', () => {
    expect([soundOf(null), soundOf(''), soundOf(7)]).toEqual([
      Buffer.alloc(0),
      Buffer.alloc(0),
      Buffer.alloc(0),
    ]);
    expect(soundOf('no sound, at all!')).toEqual(Buffer.from('no sound, at all!'));
  });
});
