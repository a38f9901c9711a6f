import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { pythonList, pythonText } from './python-notation.js';

/** All characters by the hundred, as real Python writes them, and those that it does not know. */
const ALL = `
import json, sys, unicodedata
rows = [[chr(c) for c in range(n, n + 256)] for n in range(0, 0x110000, 256)]
unknown = ["".join(c for c in row if unicodedata.category(c) == "Cn") for row in rows]
json.dump([[repr("".join(row)), unknown] for row, unknown in zip(rows, unknown)], sys.stdout)
`;

const LISTS = 'import json, sys; json.dump([repr(texts) for texts in json.load(sys.stdin)], sys.stdout)';

function python<T>(script: string, input = ''): T | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', script], { input, maxBuffer: 256 * 1024 * 1024 });
  return status === 0 ? (JSON.parse(stdout.toString()) as T) : undefined;
}

const CASES: [text: string, written: string][] = [
  ['', `''`],
  ['t1', `'t1'`],
  [`it's`, `"it's"`],
  [`say "no"`, `'say "no"'`],
  [`it's "no"`, `'it\\'s "no"'`],
  ['a\\b', `'a\\\\b'`],
  [`\\'`, `"\\\\'"`],
  ['\t\n\r', `'\\t\\n\\r'`],
  ['\u0007\u001b\u007f', `'\\x07\\x1b\\x7f'`],
  ['\u0080\u00a0\u00ad', `'\\x80\\xa0\\xad'`],
  ['é ÿ ¡', `'é ÿ ¡'`],
  ['\u2028\u2029\u3000\u200b\ufeff', `'\\u2028\\u2029\\u3000\\u200b\\ufeff'`],
  ['\ue000', `'\\ue000'`],
  ['小红书账号介绍文案，比如“美妆博主”', `'小红书账号介绍文案，比如“美妆博主”'`],
  ['👋🏽 𝒲', `'👋🏽 𝒲'`],
  ['👩\u200d🚀', `'👩\\u200d🚀'`],
  ['\u{e0001}\u{10ffff}', `'\\U000e0001\\U0010ffff'`],
  ['e\u0301', `'e\u0301'`],
  ['\ud800', `'\\ud800'`],
  ['{{name}} %s {0} $', `'{{name}} %s {0} $'`],
];

describe('Python’s notation', () => {
  it.each(CASES)('writes %j as %s', (text, written) => {
    expect(pythonText(text)).toBe(written);
  });

  it('writes lists', () => {
    expect(pythonList(['t1', 'x1'])).toBe("['t1', 'x1']");
    expect(pythonList([`it's`, 'a\nb'])).toBe(`["it's", 'a\\nb']`);
    expect(pythonList([])).toBe('[]');
  });

  it('writes every character as real Python does', ({ skip }) => {
    const rows = python<[written: string, unknown: string][]>(ALL);
    if (!rows) return skip('there is no python3 here');
    const different = rows.flatMap(([written, unknown], row) => {
      const characters = Array.from({ length: 256 }, (_, n) => String.fromCodePoint(row * 256 + n));
      if (pythonText(characters.join('')) === written) return [];
      // Whether something is assigned depends on the age of either.
      const isNewer = (character: string) => unknown.includes(character);
      const own = characters.map((one) => (isNewer(one) ? escaped(one) : pythonText(one).slice(1, -1)));
      return own.join('') === written.slice(1, -1) ? [] : [row];
    });
    expect(rows).toHaveLength(0x1100);
    expect(different).toEqual([]);
  });

  it('writes lists as real Python does', ({ skip }) => {
    const lists = Array.from({ length: 2_000 }, (_, n) => [mixed(n), mixed(n + 10_007)]);
    const written = python<string[]>(LISTS, JSON.stringify(lists));
    if (!written) return skip('there is no python3 here');
    expect(lists.map(pythonList)).toEqual(written);
  });
});

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Some text of pieces that matter; the same for the same number. */
function mixed(seed: number): string {
  const pieces = ["'", '"', '\\', '\n', 'a', '中', '👋', '\u0001', '\u00a0', ' ', '\u200d', '\\n'];
  let state = seed + 1;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  return Array.from({ length: next(12) }, () => pieces[next(pieces.length)]!).join('');
}
