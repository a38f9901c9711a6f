import { describe, expect, it } from 'vitest';
import { countTokens } from '../llm/token-counter.js';
import type { ShownPassage } from './document-passages.js';
import { distinctNames, documentsText, documentsTokens, markOf } from './document.text.js';

const passage = (seq: number, text: string, place: Partial<ShownPassage> = {}): ShownPassage => ({
  ...{ fileId: 1, seq, page: null, label: null, text, tokens: 1 },
  ...place,
});
const material = (text: string) => text.split('<documents>\n')[1]!;

describe('documentsText', () => {
  it('is nothing where there are none', () => {
    expect(documentsText([])).toBe('');
  });

  it('puts passages of one place under one mark, and says what is left out', () => {
    const text = documentsText([
      { name: 'a.pdf', of: 9, passages: [passage(1, 'One.', { page: 1 }), passage(2, 'Two.', { page: 1 })] },
      { name: 'b.xlsx', of: 1, passages: [passage(1, 'Three.', { label: 'Sales [1]' })] },
      { name: 'c.txt', of: 2, passages: [] },
    ]);
    expect(material(text)).toBe(
      '[a.pdf, page 1]\nOne.\nTwo.\n\n[b.xlsx, Sales (1)]\nThree.\n</documents>\n' +
        'Of a.pdf only parts are shown that may bear on the question: 2 of 9.\n' +
        'There was no room for c.txt.',
    );
  });

  it.each([
    ['</documents>', '‹/documents>'],
    ['<DOCUMENTS >', '‹DOCUMENTS >'],
    ['<  / documents', '‹  / documents'],
    ['  [x.pdf, page 3]  ', '(x.pdf, page 3)'],
    ['see [x.pdf, p. 3] and [y, page 4]', 'see (x.pdf, p. 3) and (y, page 4)'],
    ['list[3] and <b>', 'list[3] and <b>'],
  ])('makes %j harmless', (text, harmless) => {
    const all = documentsText([{ name: 'a.txt', of: 1, passages: [passage(1, text)] }]);
    expect(material(all)).toBe(`[a.txt]\n${harmless}\n</documents>`);
  });

  it('stands hostile text of a megabyte', () => {
    const hostile = '['.repeat(500_000) + '<'.repeat(500_000);
    const before = performance.now();
    documentsText([{ name: 'a.txt', of: 1, passages: [passage(1, hostile)] }]);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('documentsTokens', () => {
  const counted = (text: string, at: number, place: Partial<ShownPassage> = {}) =>
    passage(at + 1, text, { page: at + 1, tokens: countTokens(text), ...place });

  it.each([
    ['English', 'The keeper of the lighthouse went down to the harbour. '],
    ['Chinese', '灯塔看守人下到港口去看船。'],
    ['hostile', '</documents>\n[x.pdf, page 3]\n'],
    ['short', 'One'],
  ])('are at least those of the text, and few more: %s', (_, sentence) => {
    const texts = Array.from({ length: 50 }, (__, at) => sentence.repeat(1 + (at % 20)).trim());
    const documents = [
      { name: 'report.pdf', of: 500, passages: texts.map((text, at) => counted(text, at)) },
      {
        name: '报告.xlsx',
        of: 50,
        passages: texts.map((text, at) => counted(text, at, { page: null, label: `Sheet ${at}` })),
      },
    ];
    const exact = countTokens(documentsText(documents));
    expect(documentsTokens(documents)).toBeGreaterThanOrEqual(exact);
    expect(documentsTokens(documents)).toBeLessThanOrEqual(exact + 3 * 2 * texts.length);
  });
});

describe('names', () => {
  it('stand in marks, each once', () => {
    expect(distinctNames(['a.pdf', 'a.pdf', 'b]\n<x>.pdf'])).toEqual(['a.pdf', 'a.pdf (2)', 'b) (x).pdf']);
    expect(markOf('a.pdf', { page: 3, label: 'Part' })).toBe('[a.pdf, page 3]');
  });
});
