import type { BulkStore } from './search.store.ts';
import { QUERIES } from './search.texts.ts';

const { TermQuery } = await import('../../dist/libs/text-terms/term-query.js' as string);
const { SearchIndex } = await import('../../dist/src/conversations/search.index.js' as string);

/** How the database goes about the statements of a search, as the API sends them for this user. */
export async function plans(store: BulkStore, ownerId: number): Promise<string> {
  const lines: string[] = [];
  const index = (answer: (sql: string, given: unknown[]) => Promise<unknown[]>) => {
    const query = async (sql: string, given: unknown[]) => {
      lines.push(...(await store.explain(sql, given)).map((line) => `  ${line}`));
      return answer(sql, given);
    };
    return new SearchIndex({ manager: { query, dataSource: { options: { type: store.type } } } });
  };
  const rows = await store.query<{ id: number }>('SELECT id FROM conversations WHERE owner_id = ?', [
    ownerId,
  ]);
  const own = rows.map(({ id }) => ({ id: Number(id), ownerId }));
  for (const name of ['two common words', 'beginning of a word']) {
    const wanted = TermQuery.of(QUERIES[name]!);
    lines.push(`${name}: which conversations`);
    await index((sql, given) => store.query(sql, given)).having(own, wanted);
    lines.push(`${name}: which messages`);
    const place = { conversation: own[0], below: 2 ** 31 - 1 };
    await index(() => Promise.resolve([])).messages([place], wanted, 1);
  }
  return lines.join('\n');
}
