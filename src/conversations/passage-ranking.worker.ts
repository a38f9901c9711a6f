import { parentPort } from 'node:worker_threads';
import { type RankedDocument, rankedTerms, rankPassages, type RankingQuery } from './passage-ranking.js';

/** What the thread is told; it does one after the other, and answers `rank` alone. */
export type RankerOrder =
  | { type: 'add'; fileId: number; passages: { seq: number; text: string }[] }
  | { type: 'drop'; fileId: number }
  | { type: 'rank'; id: number; fileIds: number[]; query: RankingQuery; limit: number };

const documents = new Map<number, RankedDocument>();

parentPort!.on('message', (order: RankerOrder) => {
  if (order.type === 'drop') documents.delete(order.fileId);
  else if (order.type === 'add') add(order.fileId, order.passages);
  else {
    const asked = order.fileIds.map((id) => documents.get(id)).filter((known) => known !== undefined);
    parentPort!.postMessage({ id: order.id, ranked: rankPassages(asked, order.query, order.limit) });
  }
});

function add(fileId: number, passages: { seq: number; text: string }[]): void {
  const document = documents.get(fileId) ?? { fileId, seqs: [], terms: [] };
  documents.set(fileId, document);
  for (const { seq, text } of passages) {
    document.seqs.push(seq);
    document.terms.push(rankedTerms(text));
  }
}
