import { describe, expect, it } from 'vitest';
import { chooseWhole, type CountedDocument, placesToShow } from './document.choice.js';

const document = (fileId: number, tokens: number, passages = 10): CountedDocument => ({
  fileId,
  tokens,
  passages,
});

describe('chooseWhole', () => {
  it('takes all that fit together', () => {
    const { whole, left } = chooseWhole([document(1, 300), document(2, 700)], 1_000);
    expect([...whole]).toEqual([2, 1].toReversed());
    expect(left).toBe(0);
  });

  it('gives what the short ones leave to the long ones', () => {
    const { whole, left } = chooseWhole([document(1, 5_000), document(2, 100), document(3, 400)], 1_000);
    expect([...whole]).toEqual([2, 3]);
    expect(left).toBe(500);
  });

  it('takes none where each is longer than its share', () => {
    const { whole, left } = chooseWhole([document(1, 600), document(2, 600)], 1_000);
    expect([...whole]).toEqual([]);
    expect(left).toBe(1_000);
    expect(chooseWhole([], 10)).toEqual({ whole: new Set(), left: 10 });
  });
});

describe('placesToShow', () => {
  const places = (ranked: [number, number][], documents: CountedDocument[]) =>
    [
      ...placesToShow(
        ranked.map(([fileId, seq]) => ({ fileId, seq })),
        documents,
      ),
    ].map(({ fileId, seq }) => [fileId, seq]);

  it('takes hits with what stands beside them, each place once and none beyond the ends', () => {
    const found = places(
      [
        [1, 5],
        [1, 6],
        [2, 1],
        [2, 3],
      ],
      [document(1, 0, 10), document(2, 0, 3)],
    );
    expect(found).toEqual([
      ...[
        [1, 5],
        [1, 6],
        [1, 4],
      ],
      [1, 7],
      ...[
        [2, 1],
        [2, 2],
      ],
      [2, 3],
    ]);
  });

  it('takes beginnings and samples where there are no hits', () => {
    const found = places([], [document(1, 0, 400), document(2, 0, 2)]);
    expect(found.slice(0, 6)).toEqual([
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
      [1, 3],
      [1, 4],
    ]);
    expect(found.at(-1)).toEqual([1, 391]);
    expect(found).toHaveLength(45);
  });
});
