import { runsOf, termsOf } from '../../libs/text-terms/terms.js';

/** A document as it is ranked: of each passage its place and its terms, as numbers. */
export interface RankedDocument {
  fileId: number;
  seqs: number[];
  terms: Uint32Array[];
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
/** Numbers that half of a term's number may be. */
const HALVES = 65_536;

/** The parameters of BM25+: how soon more of a term is worth less, how much length counts, what having a term is worth. */
const SATURATION = 1.2;
const LENGTH_SHARE = 0.7;
const PRESENCE = 0.5;

/** A passage with terms of the question, and how often it has each. */
interface Match extends RankedPassage {
  length: number;
  counts: Map<number, number>;
}

/** The terms of a text as they are ranked. */
export function rankedTerms(text: string): Uint32Array {
  return numbersOf(termsOf(text));
}

/**
 * The passages that a question is most likely about, best first: BM25+ over the terms of the question. All terms are
 * looked at, which for a book takes some milliseconds, and no index is needed.
 */
export function rankPassages(
  documents: RankedDocument[],
  query: RankingQuery,
  limit: number,
): RankedPassage[] {
  const weights = weightsOf(query);
  if (weights.size === 0) return [];
  const matches = documents.flatMap((document) => matchesIn(document, weights));
  const lengths = documents.flatMap(({ terms }) => terms.map(({ length }) => length));
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const worth = worthOf(weights, matches, lengths.length);
  return matches
    .map((match) => ({ match, score: scoreOf(match, worth, average) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ match: { fileId, seq } }) => ({ fileId, seq }));
}

function matchesIn({ fileId, seqs, terms }: RankedDocument, wanted: Map<number, number>): Match[] {
  // Almost all terms are none of the question's: the lower half of their numbers tells so without looking them up.
  const halves = new Uint8Array(HALVES);
  for (const term of wanted.keys()) halves[term % HALVES] = 1;
  const matches: Match[] = [];
  for (const [at, seq] of seqs.entries()) {
    const passage = terms[at]!;
    const counts = new Map<number, number>();
    for (const term of passage)
      if (halves[term % HALVES] === 1 && wanted.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
    if (counts.size > 0) matches.push({ fileId, seq, length: passage.length, counts });
  }
  return matches;
}

/** What having each term is worth: the fewer passages have it, the more. */
function worthOf(weights: Map<number, number>, matches: Match[], passages: number): Map<number, number> {
  const having = new Map<number, number>();
  for (const { counts } of matches)
    for (const term of counts.keys()) having.set(term, (having.get(term) ?? 0) + 1);
  return new Map(
    [...having].map(([term, n]) => [
      term,
      weights.get(term)! * Math.log(1 + (passages - n + 0.5) / (n + 0.5)),
    ]),
  );
}

function scoreOf({ counts, length }: Match, worth: Map<number, number>, average: number): number {
  const damping = SATURATION * (1 - LENGTH_SHARE + (LENGTH_SHARE * length) / average);
  let score = 0;
  for (const [term, count] of counts)
    score += worth.get(term)! * (PRESENCE + (count * (SATURATION + 1)) / (count + damping));
  return score;
}

/** How much each term of the question counts. */
function weightsOf({ question, before }: RankingQuery): Map<number, number> {
  const weights = new Map<number, number>();
  for (const [text, weight] of [
    [question, 1],
    [before, BEFORE_WEIGHT],
  ] as const)
    for (const term of queryTerms(text))
      if (weights.size < QUERY_TERMS && !weights.has(term)) weights.set(term, weight);
  return weights;
}

function queryTerms(text: string): Uint32Array {
  const counted =
    text.length <= 2 * QUERY_LENGTH
      ? text
      : `${text.slice(0, QUERY_LENGTH)} ${text.slice(text.length - QUERY_LENGTH)}`;
  // The last letter of a stretch stands alone only where a stretch of the document ends with it, too.
  const whole = [...runsOf(counted)].flatMap(({ terms, isUnspaced }) =>
    isUnspaced && terms.length > 1 ? terms.slice(0, -1) : terms,
  );
  return numbersOf(whole);
}

function numbersOf(terms: { text: string }[]): Uint32Array {
  const numbers = new Uint32Array(terms.length);
  for (const [at, { text }] of terms.entries()) numbers[at] = numberOf(stem(text));
  return numbers;
}

/** Of two terms that have the same number, which hardly ever happens, one is taken for the other: a passage too many. */
function numberOf(term: string): number {
  let hash = term.length;
  for (let at = 0; at < term.length; at += 1) {
    hash = Math.imul(hash ^ term.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
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
