import { describe, expect, it } from 'vitest';
import { plainLine } from './plain-line.js';

describe('plainLine', () => {
  it.each([
    ['white space of every kind', ' What\n\tis\u00a0 a\u3000closure? ', 'What is a closure?'],
    ['emphasis', 'What is **a closure** and ~~why~~?', 'What is a closure and why?'],
    ['emphasis without spaces', '什么是**闭包**？', '什么是闭包？'],
    ['code', 'What does `map` do?', 'What does map do?'],
    ['a heading', '## Closures', 'Closures'],
    ['a quotation', '> # Closures', 'Closures'],
    ['straight quotes', '"Closures"', 'Closures'],
    ['quotes in quotes', '“‘Closures’”', 'Closures'],
    ['Chinese quotes', '「闭包」', '闭包'],
    ['control characters', 'Clo\u0000su\u001bres\u0007', 'Closures'],
    ['what turns text around', '\u202eClos\u2066ures\u2069\u200f', 'Closures'],
    ['what is not seen', 'Clo\u200bsu\u00adres\ufeff\u{e0041}', 'Closures'],
  ])('takes away %s', (_, given, line) => {
    expect(plainLine(given)).toBe(line);
  });

  it.each([
    'What does __init__ do?',
    'What is 2**3**2?',
    '"Yes" and "no"',
    '《红楼梦》和《水浒传》',
    "Rock 'n' roll",
    'A family: 👩‍👩‍👧‍👦',
    'می‌خواهم',
    'C#',
  ])('leaves %s as it is', (line) => {
    expect(plainLine(line)).toBe(line);
  });

  it('takes a bounded time, whatever it is given', () => {
    const from = performance.now();
    for (const piece of ['**', '**a', '"', '`', '> ', '# ', '\u202e', '__ ', 'a**b', '\ud800'])
      for (let n = 0; n < 20; n += 1) plainLine(piece.repeat(50_000));
    expect(performance.now() - from).toBeLessThan(3_000);
  });
});
