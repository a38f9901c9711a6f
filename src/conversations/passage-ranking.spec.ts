import { describe, expect, it } from 'vitest';
import { rankedTerms, rankPassages } from './passage-ranking.js';

const documents = (...texts: string[][]) =>
  texts.map((passages, at) => ({
    fileId: at + 1,
    seqs: passages.map((_, index) => index + 1),
    terms: passages.map((text) => rankedTerms(text)),
  }));
const rank = (texts: string[][], question: string, before = '', limit = 10) =>
  rankPassages(documents(...texts), { question, before }, limit).map(({ fileId, seq }) => [fileId, seq]);

describe('rankPassages', () => {
  it('finds what a question is about, best first, in several documents', () => {
    const texts = [
      ['The tide and the rope.', 'The keeper of the lighthouse is Ottoline.'],
      ['A lighthouse.', 'Nothing at all.'],
    ];
    expect(rank(texts, 'Who is the keeper of the lighthouse?')[0]).toEqual([1, 2]);
    expect(rank(texts, 'lighthouse')).toHaveLength(2);
    expect(rank(texts, 'lighthouse', '', 1)).toHaveLength(1);
  });

  it('knows English endings, case, accents and width', () => {
    const texts = [['The answers were stored.', 'Ａ café in the harbour.', 'Other words.']];
    expect(rank(texts, 'ANSWER storing')).toEqual([[1, 1]]);
    expect(rank(texts, 'CAFÉ')).toEqual([[1, 2]]);
    expect(rank(texts, 'cafe')).toEqual([[1, 2]]);
  });

  it('finds Chinese words of two characters', () => {
    expect(rank([['今天的天气很好', '灯塔在港口的北边', '绳索的价格']], '灯塔在哪里？')[0]).toEqual([1, 2]);
  });

  it('takes the last letter of a Chinese question for no word', () => {
    expect(rank([['你来吗', '灯塔在港口的北边']], '灯塔很高吗？')).toEqual([[1, 2]]);
    expect(rank([['我喝茶', '你来吗']], '茶')).toEqual([[1, 1]]);
  });

  it('puts a short passage before a long one, and a rare word before a common one', () => {
    const long = `A tower. ${'Nothing of importance was noted here. '.repeat(20)}`;
    expect(rank([[long, 'The tower of Ulm.']], 'tower')).toEqual([
      [1, 2],
      [1, 1],
    ]);
    const texts = ['A ship, a ship, a ship.', 'The tower.', 'A ship.', 'No ship.', 'Ships.'];
    expect(rank([texts], 'ship or tower')[0]).toEqual([1, 2]);
  });

  it('takes a little from the question before', () => {
    const texts = [['The bridge of Ulm.', 'The tower of Ulm.', 'Ships.']];
    expect(rank(texts, 'How high is it?', 'Tell me of the tower.')[0]).toEqual([1, 2]);
    expect(rank(texts, 'And the bridge?', 'Tell me of the tower.')[0]).toEqual([1, 1]);
  });

  it('finds nothing where nothing is asked, nor in nothing', () => {
    expect(rank([['Something.']], '?!')).toEqual([]);
    expect(rank([['']], 'Something')).toEqual([]);
    expect(rank([], 'Something')).toEqual([]);
    expect(rank([['constructor toString __proto__']], '__proto__ constructor')).toEqual([[1, 1]]);
  });
});
