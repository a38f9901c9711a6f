import MiniSearch from 'minisearch';
import { termsOf } from '../../libs/text-terms/terms.js';

/** A document as it is ranked: of each passage its place, and its terms with blanks between them. */
export interface RankedDocument {
  fileId: number;
  seqs: number[];
  terms: string[];
}

/** What passages are to be about. */
export interface RankingQuery {
  question: string;
  /** What was asked before: it counts less. */
  before: string;
}

/** A passage, named by its document and place. */
export interface RankedPassage {
  fileId: number;
  seq: number;
}

/** Of longer questions so much of beginning and end counts, in UTF-16 units, and so many different terms. */
const QUERY_LENGTH = 2_000;
const QUERY_TERMS = 128;
/** How much a term of the question before counts. */
const BEFORE_WEIGHT = 0.3;
/** English words below this length stay as they are. */
const STEM_FROM = 5;

/** The terms of a text as they are ranked, with blanks between them. */
export function rankedTerms(text: string): string {
  return termsOf(text)
    .map(({ text: term }) => stem(term))
    .join(' ');
}

/**
 * The passages that a question is most likely about, best first: BM25+ over the terms of the question. Nothing is kept
 * of other terms, so that the index of a long document takes neither time nor memory worth mentioning; which passages
 * are best does not depend on them.
 */
export function rankPassages(
  documents: RankedDocument[],
  query: RankingQuery,
  limit: number,
): RankedPassage[] {
  const question = queryTerms(query.question);
  const terms = new Set([...question, ...queryTerms(query.before)].slice(0, QUERY_TERMS));
  if (terms.size === 0) return [];
  const places: RankedPassage[] = [];
  const index = new MiniSearch<{ id: number; terms: string }>({
    fields: ['terms'],
    tokenize: (text) => text.split(' '),
    processTerm: (term) => (terms.has(term) ? term : null),
  });
  for (const { fileId, seqs, terms: texts } of documents)
    for (const [at, seq] of seqs.entries()) {
      index.add({ id: places.length, terms: texts[at]! });
      places.push({ fileId, seq });
    }
  const boostTerm = (term: string) => (question.has(term) ? 1 : BEFORE_WEIGHT);
  return index
    .search([...terms].join(' '), { boostTerm })
    .slice(0, limit)
    .map(({ id }) => places[id as number]!);
}

function queryTerms(text: string): Set<string> {
  const counted =
    text.length <= 2 * QUERY_LENGTH
      ? text
      : `${text.slice(0, QUERY_LENGTH)} ${text.slice(text.length - QUERY_LENGTH)}`;
  return new Set(
    rankedTerms(counted)
      .split(' ')
      .filter((term) => term !== ''),
  );
}

/** English endings off, roughly: `answers` and `answered` are found by `answer`. */
function stem(term: string): string {
  if (term.length < STEM_FROM || !/^[a-z]+$/.test(term)) return term;
  return term
    .replace(/ies$/, 'y')
    .replace(/(?<=[^s])s$/, '')
    .replace(/(?<=[a-z]{3})(ing|ed)$/, '')
    .replace(/e$/, '');
}
