import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { allIndexed } from '../support/tables.ts';
import { begin } from '../support/talk.ts';

const TIME = '2026-11-21 08:30:00.000';
const WORDS = 400;

describe('the index of what was said', { timeout: 90_000 }, () => {
  const ctx = useApi();

  const found = async (client: ApiClient, q: string) =>
    ((await client.get(`conversations?q=${q}`, { expect: 200 })).body.items as { id: number }[]).map(
      ({ id }) => id,
    );

  /** A conversation with so many messages of many words each, as it is found behind an upgrade. */
  async function backlog(client: ApiClient, name: string, count: number): Promise<number> {
    const id = await begin(client, { title: 'Untitled' });
    const rows = Array.from({ length: count }, (_, at) => {
      const words = Array.from({ length: WORDS }, (__, n) => `${name}${at}x${n}`);
      return [id, client.account.id, at + 1, words.join(' ')];
    });
    const values = rows.map(() => `(?, ?, ?, ?, 'user', 'completed', 0, '${TIME}', '${TIME}')`);
    await ctx.query(
      `INSERT INTO messages (conversation_id, owner_id, seq, content, role, status, usage_estimated, created_at, finished_at)
       VALUES ${values.join(', ')}`,
      rows.flat(),
    );
    return id;
  }

  /** From now on the processes find these to be indexed. */
  const release = (ids: number[], count: number) =>
    ctx.query(
      `UPDATE conversations SET last_seq = ${count}, indexed_seq = 0, is_indexed = 0 WHERE id IN (${ids.join(',')})`,
    );

  const termsOf = async (id: number) => {
    const [row] = await ctx.query(
      'SELECT COUNT(*) AS n, MAX(seq) AS last FROM search_terms WHERE conversation_id = ?',
      [id],
    );
    return { count: Number(row.n), last: Number(row.last ?? 0) };
  };

  it('is as far as it says when its process is killed, and goes on from there', async () => {
    const client = await ctx.register();
    const count = 120;
    const id = await backlog(client, 'walrus', count);
    await release([id], count);
    await expect
      .poll(async () => (await termsOf(id)).count, { interval: 2, timeout: 20_000 })
      .toBeGreaterThan(0);
    await ctx.api.kill();
    const [state] = await ctx.query(
      'SELECT indexed_seq AS reached, is_indexed AS done FROM conversations WHERE id = ?',
      [id],
    );
    expect(await termsOf(id)).toEqual({ count: Number(state.reached) * WORDS, last: Number(state.reached) });
    await ctx.restart();
    await allIndexed(ctx, client.account.id);
    expect(await termsOf(id)).toEqual({ count: count * WORDS, last: count });
    expect(await found(client, `walrus${count - 1}x${WORDS - 1}`)).toEqual([id]);
  });

  it('is made once by processes that look at the same time', async () => {
    await ctx.startAnother();
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(await backlog(client, `seal${n}y`, 10));
    await release(ids, 10);
    await allIndexed(ctx, client.account.id);
    for (const id of ids) expect(await termsOf(id)).toEqual({ count: 10 * WORDS, last: 10 });
    expect(await found(client, `seal7y9x${WORDS - 1}`)).toEqual([ids[7]]);
    expect(ctx.logs()).not.toContain('cannot be indexed');
  });

  it('holds nobody up where a conversation cannot be indexed', async () => {
    const client = await ctx.register();
    const bad = await backlog(client, 'otter', 2);
    // A term that is there already, though nothing is said to be indexed.
    await ctx.query(`INSERT INTO search_terms (conversation_id, term, seq) VALUES (?, 'otter0x0', 1)`, [bad]);
    await release([bad], 2);
    await expect
      .poll(() => ctx.logs(), { timeout: 20_000 })
      .toContain(`conversation ${bad} cannot be indexed`);
    const good = await backlog(client, 'beaver', 2);
    await release([good], 2);
    await expect.poll(() => found(client, 'beaver1x7'), { timeout: 20_000 }).toEqual([good]);
    await client.delete(`conversations/${bad}`, undefined, { expect: 204 });
    await allIndexed(ctx, client.account.id);
  });

  it('is made behind answers that follow one another without a pause', async () => {
    const client = await ctx.register();
    const id = await begin(client, { title: 'Untitled' });
    for (let n = 0; n < 5; n += 1) {
      ctx.upstream.setDefaults({ pieces: [`Answer lynx${n}`] });
      await client.post(`conversations/${id}/messages`, { content: `Question ibex${n}` }, { expect: 201 });
    }
    await allIndexed(ctx, client.account.id);
    for (let n = 0; n < 5; n += 1) {
      expect([n, await found(client, `lynx${n}`), await found(client, `ibex${n}`)]).toEqual([n, [id], [id]]);
    }
  });
});
