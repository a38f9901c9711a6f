import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

const MAX_PINNED = 50;
const MANY = 10_000;
const DEEP = '2026-01-01 00:14:00.000';

describe('conversations that are pinned or put away', () => {
  const ctx = useApi();

  async function several(client: ApiClient, count: number): Promise<number[]> {
    const ids: number[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await begin(client));
    await ctx.query('UPDATE conversations SET last_message_at = ? WHERE owner_id = ?', [
      '2026-01-02 03:04:05.678',
      client.account.id,
    ]);
    return ids;
  }

  const change = (client: ApiClient, id: number, values: Record<string, unknown>) =>
    client.patch(`conversations/${id}`, values, { expect: 200 });

  const listed = async (client: ApiClient, query = '') =>
    idsOfPages([(await client.get(`conversations?limit=100${query}`, { expect: 200 })).body.items]);

  it('say so, and change in nothing else', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('conversations', { title: 'Tea' }, { expect: 201 });
    expect(made).toMatchObject({ archived: false, pinned: false });
    const { body: both } = await change(client, made.id, { archived: true, pinned: true });
    expect(both).toEqual({ ...made, archived: true, pinned: true, updatedAt: both.updatedAt });
    const { body: named } = await change(client, made.id, { title: 'Oolong' });
    expect(named).toMatchObject({ title: 'Oolong', archived: true, pinned: true });
    const { body: neither } = await change(client, made.id, { archived: false, pinned: false });
    expect(neither).toMatchObject({ title: 'Oolong', archived: false, pinned: false });
    for (const values of [{ archived: null }, { pinned: 'true' }, { archived: 1 }]) {
      const refused = await client.patch(`conversations/${made.id}`, values);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, Object.keys(values)[0]]);
    }
  });

  it('are listed first, or not at all', async () => {
    const client = await ctx.register();
    const ids = await several(client, 6);
    const [first, second, third, fourth, fifth, sixth] = ids;
    await change(client, second!, { pinned: true });
    await change(client, fourth!, { pinned: true, archived: true });
    await change(client, fifth!, { archived: true });
    expect(await listed(client)).toEqual([second, sixth, third, first]);
    expect(await listed(client, '&archived=false')).toEqual([second, sixth, third, first]);
    expect(await listed(client, '&archived=true')).toEqual([fourth, fifth]);
    expect(await listed(client, '&archived=all')).toEqual([fourth, second, sixth, fifth, third, first]);
    const refused = await client.get('conversations?archived=yes');
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'archived']);
  });

  it('are paged without a gap or a double, whatever the size of a page', async () => {
    const client = await ctx.register();
    const ids = await several(client, 23);
    const pinned = ids.filter((_, n) => n % 4 === 1);
    const archived = ids.filter((_, n) => n % 5 === 2);
    for (const id of pinned) await change(client, id, { pinned: true });
    for (const id of archived) await change(client, id, { archived: true });
    const newest = ids.toReversed();
    const all = [
      ...newest.filter((id) => pinned.includes(id)),
      ...newest.filter((id) => !pinned.includes(id)),
    ];
    for (const limit of [1, 2, 5, 6, 7, 22, 23, 24]) {
      const pages = await readPages(client, 'conversations?archived=all', limit);
      expect(idsOfPages(pages)).toEqual(all);
      expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
      const shown = await readPages(client, 'conversations', limit);
      expect(idsOfPages(shown)).toEqual(all.filter((id) => !archived.includes(id)));
      const away = await readPages(client, 'conversations?archived=true', limit);
      expect(idsOfPages(away)).toEqual(all.filter((id) => archived.includes(id)));
    }
  });

  it('are searched in the order of the list, and as it is filtered', async () => {
    const client = await ctx.register();
    const ids = await several(client, 5);
    for (const id of ids.slice(1)) await change(client, id, { title: `Oolong ${id}` });
    const [, second, third, fourth, fifth] = ids;
    await change(client, second!, { pinned: true });
    await change(client, fourth!, { archived: true });
    expect(await listed(client, '&q=oolong')).toEqual([second, fifth, third]);
    expect(await listed(client, '&q=oolong&archived=true')).toEqual([fourth]);
    for (const limit of [1, 2, 3]) {
      const pages = await readPages(client, 'conversations?q=oolong&archived=all', limit);
      expect(idsOfPages(pages)).toEqual([second, fifth, fourth, third]);
    }
  });

  it('come back when somebody says something in them, or has an answer made again', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    await change(client, id, { archived: true, pinned: true });
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    expect((await client.get(`conversations/${id}`)).body).toMatchObject({ archived: false, pinned: true });
    await change(client, id, { archived: true });
    await client.post(`messages/${body.assistantMessage.id}/regenerate`, undefined, { expect: 201 });
    expect((await client.get(`conversations/${id}`)).body.archived).toBe(false);
  });

  it('are at most fifty, also where several are pinned at once', async () => {
    const client = await ctx.register();
    const ids = await several(client, MAX_PINNED + 10);
    for (const id of ids.slice(0, MAX_PINNED - 5)) await change(client, id, { pinned: true });
    const answers = await Promise.all(
      ids.slice(MAX_PINNED - 5).map((id) => client.patch(`conversations/${id}`, { pinned: true })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ body }) => body.code === 'too_many_pinned')).toHaveLength(10);
    const own = (await listed(client)).slice(0, MAX_PINNED);
    // What is pinned already can be told so again, and changed; what is not changes in nothing.
    await change(client, own[0]!, { pinned: true, title: 'Still here' });
    const refused = await client.patch(`conversations/${ids.find((id) => !own.includes(id))}`, {
      ...{ pinned: true, title: 'No' },
    });
    expect([refused.status, refused.body.code]).toEqual([409, 'too_many_pinned']);
    expect(
      (await client.get('conversations?limit=100')).body.items.map(({ title }: any) => title),
    ).not.toContain('No');
    const neighbour = await ctx.register();
    await change(neighbour, await begin(neighbour), { pinned: true });
    await change(client, own[0]!, { pinned: false });
    await change(
      client,
      ids.find((id) => !own.includes(id))!,
      { pinned: true },
    );
  });

  it('can be pinned while another branch is gone on with', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    await client.post(`messages/${body.assistantMessage.id}/regenerate`, undefined, { expect: 201 });
    const { body: changed } = await change(client, id, { activeSeq: 2, pinned: true });
    expect(changed).toMatchObject({ activeSeq: 2, pinned: true });
    await client.patch(`conversations/${id}`, { activeSeq: 99, pinned: false }, { expect: 404 });
    expect((await client.get(`conversations/${id}`)).body.pinned).toBe(true);
  });

  it('are found among thousands by a range of an index', async () => {
    const client = await ctx.register();
    const owner = client.account.id;
    for (let from = 0; from < MANY; from += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, n) => {
        const time = new Date(Date.UTC(2026, 0, 1) + Math.floor((from + n) / 3) * 1_000);
        const at = time.toISOString().replace('T', ' ').replace('Z', '');
        const flags = `${(from + n) % 300 === 0 ? 1 : 0}, ${(from + n) % 10 === 0 ? 0 : 1}`;
        return `(${owner}, 'Many', 'user', 0, 0, 0, ${flags}, '${at}', '${at}', '${at}')`;
      });
      await ctx.query(
        'INSERT INTO conversations (owner_id, title, title_source, summary_until, last_seq, active_seq, pinned, ' +
          `archived, last_message_at, created_at, updated_at) VALUES ${rows.join(', ')}`,
      );
    }
    if (ctx.dialect === 'mariadb') await ctx.query('ANALYZE TABLE conversations');
    const where = { false: 'c.archived = 0 AND', true: 'c.archived = 1 AND', all: '' };
    for (const [archived, also] of Object.entries(where)) {
      const pages = await readPages(client, `conversations?archived=${archived}`, 100);
      const rows = await ctx.query(
        `SELECT id FROM conversations c WHERE ${also} owner_id = ? ORDER BY pinned DESC, last_message_at DESC, id DESC`,
        [owner],
      );
      expect(idsOfPages(pages)).toEqual(rows.map(({ id }) => Number(id)));
      const plan = await ctx.query(
        `EXPLAIN ${ctx.dialect === 'sqlite' ? 'QUERY PLAN ' : ''}SELECT * FROM conversations c WHERE c.owner_id = ? AND ` +
          `c.pinned = 0 AND ${also} c.last_message_at <= ? AND (c.last_message_at < ? OR c.id < 5) ` +
          'ORDER BY c.last_message_at DESC, c.id DESC LIMIT 21',
        [owner, DEEP, DEEP],
      );
      const told = JSON.stringify(plan);
      if (ctx.dialect === 'sqlite') {
        expect(told).toMatch(
          /SEARCH c USING INDEX ix_conversations_\w+ \(owner_id=\?.* last_message_at<\?\)/,
        );
        expect(told).not.toContain('TEMP B-TREE');
      } else {
        // Where a range holds most of what there is, MariaDB reads the same index from its end.
        expect(plan[0]).toMatchObject({
          ...{
            type: expect.stringMatching(/^(range|ref)$/),
            key: expect.stringContaining('ix_conversations_'),
          },
        });
        expect(plan[0].Extra).not.toContain('filesort');
      }
    }
  }, 60_000);
});

describe('feedback with a comment', () => {
  const ctx = useApi();

  async function answer(client: ApiClient): Promise<string> {
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    expect(body.assistantMessage.feedbackComment).toBeNull();
    return `messages/${body.assistantMessage.id}`;
  }

  it('is shown to its owner, and goes with the feedback', async () => {
    const client = await ctx.register();
    const path = await answer(client);
    const rate = (body: Record<string, unknown>) => client.put(`${path}/feedback`, body, { expect: 200 });
    const comment = '  第二个日期不对 🙂\nand “so on”';
    expect((await rate({ value: 'down', comment })).body).toMatchObject({
      ...{ feedback: 'down', feedbackComment: comment },
    });
    expect((await client.get(path)).body.feedbackComment).toBe(comment);
    expect((await rate({ value: 'up' })).body).toMatchObject({ feedback: 'up', feedbackComment: null });
    for (const nothing of ['', ' \n', null])
      expect((await rate({ value: 'up', comment: nothing })).body.feedbackComment).toBeNull();
    await rate({ value: 'up', comment });
    expect((await rate({ value: null, comment })).body).toMatchObject({
      ...{ feedback: null, feedbackComment: null },
    });
  });

  it('has at most 2,000 characters', async () => {
    const client = await ctx.register();
    const path = await answer(client);
    const rate = (comment: unknown) => client.put(`${path}/feedback`, { value: 'up', comment });
    const longest = '字'.repeat(1_999) + '😀';
    expect((await rate(longest)).body.feedbackComment).toBe(longest);
    for (const wrong of [`${longest}a`, 7, ['a']]) {
      const refused = await rate(wrong);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'comment']);
    }
    expect((await client.get(path)).body.feedbackComment).toBe(longest);
  });
});
