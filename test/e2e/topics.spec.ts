import { describe, expect, it } from 'vitest';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';

const WHOLE = {
  theme: '在餐厅点菜 🍜 Ordering food',
  instructions: '你是服务员；我对坚果过敏。\n“Ask one thing at a time.” 🥜',
  replyLanguage: 'zh-Hans',
};

describe('topics', () => {
  const ctx = useApi({ upstream: false });

  it('keep every field as it was given', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('topics', WHOLE, { expect: 201 });
    expect(made).toMatchObject({ ...WHOLE, context: null, preset: null });
    expect((await client.get(`topics/${made.id}`)).body).toEqual(made);
    expect((await client.get('topics')).body.items).toEqual([made]);
  });

  it('change in what is named, and null clears', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('topics', WHOLE);
    const path = `topics/${made.id}`;
    const { body: changed } = await client.patch(path, { theme: '茶 🍵' }, { expect: 200 });
    expect(changed).toEqual({ ...made, theme: '茶 🍵', updatedAt: changed.updatedAt });
    expect((await client.patch(path, {}, { expect: 200 })).body.instructions).toBe(WHOLE.instructions);
    expect((await client.patch(path, { instructions: null }, { expect: 200 })).body.instructions).toBeNull();
    expect(
      (await client.patch(path, { replyLanguage: null }, { expect: 200 })).body.replyLanguage,
    ).toBeNull();
    expect((await client.patch(path, { replyLanguage: 'no tag' })).body.errors[0].field).toBe(
      'replyLanguage',
    );
    const refused = await client.patch(path, { theme: null });
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'theme']);
    expect((await client.patch(path, { context: 'x' })).body.errors[0].field).toBe('context');
  });

  it('come from each preset, with its own texts or in other words', async () => {
    const client = await ctx.register();
    const { body: presets } = await client.get('topics/presets', { expect: 200 });
    expect(presets.items.length).toBeGreaterThanOrEqual(6);
    expect(new Set(presets.items.map(({ id }: { id: string }) => id)).size).toBe(presets.items.length);
    for (const { id: preset, theme, instructions } of presets.items) {
      const { body } = await client.post('topics', { preset }, { expect: 201 });
      expect(body).toMatchObject({ preset, theme, instructions });
      const own = await client.post('topics', { preset, theme: '我的', instructions: null }, { expect: 201 });
      expect(own.body).toMatchObject({ preset, theme: '我的', instructions: null });
    }
    for (const values of [{}, { preset: null }, { instructions: 'Only these' }]) {
      const refused = await client.post('topics', values);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'theme']);
    }
    expect((await client.post('topics', { preset: 'no-such' })).body.errors[0].field).toBe('preset');
  });

  it('leave their conversations where they are when they are deleted', async () => {
    const client = await ctx.register();
    const { body: topic } = await client.post('topics', WHOLE);
    const { body: conversation } = await client.post('conversations', { topicId: topic.id, title: 'Lunch' });
    const { body: turn } = await client.post(`conversations/${conversation.id}/messages`, {
      content: '你好',
    });
    await client.delete(`topics/${topic.id}`, undefined, { expect: 204 });
    for (const again of [await client.get(`topics/${topic.id}`), await client.delete(`topics/${topic.id}`)])
      expect(again.status).toBe(404);
    const { body: after } = await client.get(`conversations/${conversation.id}`);
    expect(after).toMatchObject({ title: 'Lunch', topicId: null });
    const { body: page } = await client.get(`conversations/${conversation.id}/messages`);
    expect(page.items).toEqual([turn.userMessage, turn.assistantMessage]);
    await client.post(`conversations/${conversation.id}/messages`, { content: 'Go on' }, { expect: 201 });
  });

  it('are listed oldest first where that is asked for, page by page', async () => {
    const client = await ctx.register();
    const made: number[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push((await client.post('topics', { theme: `Topic ${n}` }, { expect: 201 })).body.id);
    expect(idsOfPages(await readPages(client, 'topics?order=asc', 2))).toEqual(made);
    expect(idsOfPages(await readPages(client, 'topics?order=desc', 2))).toEqual(made.toReversed());
    const refused = await client.get('topics?order=down');
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'order']);
  });

  it('are listed newest first, without a gap or a double while the list changes', async () => {
    const client = await ctx.register();
    const made: number[] = [];
    for (let n = 0; n < 45; n += 1) {
      made.push((await client.post('topics', { theme: `Theme ${n}` }, { expect: 201 })).body.id);
    }
    expect(idsOfPages(await readPages(client, 'topics', 10))).toEqual(made.toReversed());
    const deleted = new Set<number>();
    const moving = await readPages(client, 'topics', 10, async (page: { id: number }[]) => {
      const next = made.findLast((id) => id < page.at(-1)!.id)!;
      for (const id of [page[0]!.id, page.at(-1)!.id, next]) {
        await client.delete(`topics/${id}`, undefined, { expect: 204 });
        deleted.add(id);
      }
      await client.post('topics', { theme: 'Newcomer' }, { expect: 201 });
    });
    const seen = idsOfPages(moving);
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of made.filter((one) => !deleted.has(one))) expect(seen).toContain(id);
  });
});
