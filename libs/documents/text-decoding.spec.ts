import { describe, expect, it } from 'vitest';
import { decodeText } from './text-decoding.js';

const CHINESE = '中华人民共和国的首都是北京，长江是中国最长的河流。';
/** The same as `CHINESE`, in GB18030, and "中華民國的首都" with more in Big5. */
const GB = Buffer.from(
  'd6d0bbaac8cbc3f1b9b2bacdb9fab5c4cad7b6bccac7b1b1bea9a3acb3a4bdadcac7d6d0b9fad7eeb3a4b5c4bad3c1f7a1a3',
  'hex',
);
const BIG5 = Buffer.from(
  'a4a4b5d8a5c1b0eaaabaadbab3a3a141b36fac4fa440bd67a5cea5bfc5e9a4a4a4e5bc67aabaa4e5b3b9a143',
  'hex',
);
const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('text', () => {
  it.each([
    ['UTF-8', Buffer.from(CHINESE), CHINESE],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${CHINESE}`), CHINESE],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${CHINESE}`, 'utf16le'), CHINESE],
    ['UTF-16 the other way round', swapped(`\ufeff${CHINESE}`), CHINESE],
    ['UTF-16 without its mark', Buffer.from('Plain words, and 汉字.', 'utf16le'), 'Plain words, and 汉字.'],
    [
      'UTF-16 the other way round without its mark',
      swapped('Plain words, and 汉字.'),
      'Plain words, and 汉字.',
    ],
    ['GB18030', GB, CHINESE],
    ['Big5', BIG5, '中華民國的首都，這是一篇用正體中文寫的文章。'],
    [
      'Latin',
      Buffer.from('Der Fluß fließt über die Straße, très vite.', 'latin1'),
      'Der Fluß fließt über die Straße, très vite.',
    ],
    ['nothing', Buffer.alloc(0), ''],
    ['one byte', Buffer.from('a'), 'a'],
  ])('of %s is read', (_name, bytes, text) => {
    expect(decodeText(bytes)).toBe(text);
  });

  it('is not what has other bytes', () => {
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * n * 7) % 256));
    expect(() => decodeText(bytes)).toThrow('file_unreadable');
  });

  it('has an end', () => {
    expect(() => decodeText(Buffer.alloc(20_000_001, 'a'))).toThrow('document_too_long');
  });
});
