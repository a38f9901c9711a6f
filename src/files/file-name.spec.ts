import { describe, expect, it } from 'vitest';
import { cleanFileName } from './file-name.js';

describe('cleanFileName', () => {
  it.each([
    ['hello.webm', 'hello.webm'],
    ['你好 👋.mp3', '你好 👋.mp3'],
    ['C:\\Users\\me\\a.wav', 'a.wav'],
    ['../../etc/passwd', 'passwd'],
    ['a\r\nSet-Cookie: x.mp3', 'aSet-Cookie: x.mp3'],
    ['a\u202egpj.exe', 'agpj.exe'],
    ['half \ud83d.mp3', 'half \ufffd.mp3'],
    ['  spaced.mp3 ', 'spaced.mp3'],
    ['', 'file'],
    ['..', 'file'],
    ['\u0000', 'file'],
    ['folder/', 'file'],
    [`${'x'.repeat(400)}.webm`, `${'x'.repeat(250)}.webm`],
    ['😀'.repeat(300), '😀'.repeat(255)],
  ])('makes of %j %j', (given, name) => {
    expect(cleanFileName(given)).toBe(name);
  });
});
