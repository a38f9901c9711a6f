import type { RankedPassage } from './passage-ranking.js';

/** A document, and what it takes whole, its marks included. */
export interface CountedDocument {
  fileId: number;
  tokens: number;
  passages: number;
}

/** How many parts of a document are looked at where the question names nothing in it. */
const SPREAD = 40;
/** Its beginning tells what it is. */
const BEGINNING = 4;

/**
 * The documents that are shown whole, and what is left for the others: each has the same share of the room, and what
 * the short ones leave is the long ones'.
 */
export function chooseWhole(
  documents: CountedDocument[],
  room: number,
): { whole: Set<number>; left: number } {
  const byLength = documents.toSorted((a, b) => a.tokens - b.tokens);
  const whole = new Set<number>();
  let left = room;
  for (const [index, { fileId, tokens }] of byLength.entries()) {
    if (tokens > left / (byLength.length - index)) break;
    whole.add(fileId);
    left -= tokens;
  }
  return { whole, left };
}

/**
 * Places of documents in the order in which they are taken as long as there is room: what the question is about, with
 * what stands beside it; where that is nothing, the beginning and then parts from everywhere.
 */
export function* placesToShow(
  ranked: RankedPassage[],
  documents: CountedDocument[],
): Iterable<RankedPassage> {
  const counts = new Map(documents.map(({ fileId, passages }) => [fileId, passages]));
  const taken = new Set<string>();
  const isNew = ({ fileId, seq }: RankedPassage) => {
    if (seq < 1 || seq > counts.get(fileId)! || taken.has(`${fileId} ${seq}`)) return false;
    taken.add(`${fileId} ${seq}`);
    return true;
  };
  for (const { fileId, seq } of ranked)
    for (const place of [seq, seq + 1, seq - 1].map((near) => ({ fileId, seq: near })))
      if (isNew(place)) yield place;
  if (ranked.length > 0) return;
  for (let index = 0; index < BEGINNING + SPREAD; index += 1)
    for (const { fileId, passages } of documents) {
      const far = 1 + Math.floor(((index - BEGINNING) * passages) / SPREAD);
      const place = { fileId, seq: index < BEGINNING ? index + 1 : far };
      if (isNew(place)) yield place;
    }
}
