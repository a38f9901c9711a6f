import { describe, expect, it } from 'vitest';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

const WHOLE = {
  name: '爵士酒吧老板 🎷👩🏽‍🎤',
  kind: 'persona',
  persona: '艾拉，在芝加哥经营一家爵士酒吧。\n她爱讲故事。 — Ella “the Voice” 🎶',
  instructions: 'Keep answers under three sentences.\n请简短。',
  model: 'gpt-4o-mini',
  provider: 'openai',
  temperature: 0.7,
  greeting: '欢迎光临！Welcome in 🥂',
  replyLanguage: 'zh-Hans',
};
const BARE = {
  ...{ kind: 'plain', persona: null, instructions: null, model: null, provider: null },
  ...{ temperature: null, greeting: null, replyLanguage: null },
};

describe('chatbots', () => {
  const ctx = useApi({ upstream: false });

  it('keep every field as it was given', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('chatbots', WHOLE, { expect: 201 });
    expect(made).toMatchObject(WHOLE);
    expect((await client.get(`chatbots/${made.id}`)).body).toEqual(made);
    expect((await client.get('chatbots')).body.items).toEqual([made]);
    expect(Math.abs(Date.parse(made.createdAt) - Date.now())).toBeLessThan(60_000);
  });

  it('need no more than a name', async () => {
    const client = await ctx.register();
    const { body } = await client.post('chatbots', { name: 'Plain' }, { expect: 201 });
    expect(body).toMatchObject({ name: 'Plain', ...BARE });
    expect((await client.get(`chatbots/${body.id}`)).body).toEqual(body);
  });

  it('change in what is named, and null clears', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('chatbots', WHOLE);
    const path = `chatbots/${made.id}`;
    const { body: renamed } = await client.patch(path, { name: '新名字' }, { expect: 200 });
    expect(renamed).toEqual({ ...made, name: '新名字', updatedAt: renamed.updatedAt });
    expect(Date.parse(renamed.updatedAt)).toBeGreaterThanOrEqual(Date.parse(made.updatedAt));
    expect((await client.patch(path, {}, { expect: 200 })).body).toMatchObject({ ...WHOLE, name: '新名字' });
    const { body: cleared } = await client.patch(path, BARE, { expect: 200 });
    expect(cleared).toMatchObject({ name: '新名字', ...BARE });
    expect((await client.get(path)).body).toEqual(cleared);
    for (const field of ['name', 'kind']) {
      const refused = await client.patch(path, { [field]: null });
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, field]);
    }
  });

  it.each([0, 0.1, 1, 1.5, 2])('keep the temperature %s', async (temperature) => {
    const client = await ctx.register();
    const { body } = await client.post('chatbots', { name: 'Warm', temperature }, { expect: 201 });
    expect((await client.get(`chatbots/${body.id}`)).body.temperature).toBe(temperature);
  });

  it('of the kind persona have one, at every time', async () => {
    const client = await ctx.register();
    const field = ({ status, body }: { status: number; body: any }) => [status, body.errors?.[0].field];
    for (const persona of [undefined, null, '', ' \n\u3000']) {
      const refused = await client.post('chatbots', { name: 'Nobody', kind: 'persona', persona });
      expect(field(refused)).toEqual([400, 'persona']);
    }
    const { body: plain } = await client.post('chatbots', { name: 'Plain' });
    const path = `chatbots/${plain.id}`;
    expect(field(await client.patch(path, { kind: 'persona' }))).toEqual([400, 'persona']);
    expect(field(await client.patch(path, { kind: 'persona', persona: ' ' }))).toEqual([400, 'persona']);
    expect((await client.get(path)).body).toEqual(plain);
    await client.patch(path, { persona: 'A pirate' }, { expect: 200 });
    await client.patch(path, { kind: 'persona' }, { expect: 200 });
    for (const persona of [null, '', ' ']) {
      expect(field(await client.patch(path, { persona, name: 'Lost' }))).toEqual([400, 'persona']);
    }
    expect((await client.get(path)).body).toMatchObject({
      name: 'Plain',
      kind: 'persona',
      persona: 'A pirate',
    });
    await client.patch(path, { kind: 'plain', persona: null }, { expect: 200 });
    expect(await ctx.query('SELECT id FROM chatbots WHERE owner_id = ?', [client.account.id])).toHaveLength(
      1,
    );
  });

  it('stay personas when two changes come at once', async () => {
    const client = await ctx.register();
    for (let round = 0; round < 5; round += 1) {
      const { body } = await client.post('chatbots', { name: 'Torn', persona: 'A pirate' });
      const path = `chatbots/${body.id}`;
      await Promise.all([client.patch(path, { kind: 'persona' }), client.patch(path, { persona: null })]);
      const { body: after } = await client.get(path);
      expect(after.kind === 'persona' && after.persona === null).toBe(false);
    }
  });

  it('are gone when they are deleted, and their conversations stay', async () => {
    const client = await ctx.register();
    const { body } = await client.post('chatbots', { name: 'Old friend' });
    const path = `chatbots/${body.id}`;
    const conversation = await begin(client, { chatbotId: body.id });
    await client.delete(path, undefined, { expect: 204 });
    for (const again of [
      await client.get(path),
      await client.patch(path, { name: 'Back' }),
      await client.delete(path),
      await client.post('conversations', { chatbotId: body.id }),
      await client.patch(`conversations/${conversation}`, { chatbotId: body.id }),
    ]) {
      expect([again.status, again.body.code]).toEqual([404, 'not_found']);
    }
    expect((await client.get('chatbots')).body.items).toEqual([]);
    expect((await client.get(`conversations/${conversation}`)).body.chatbotId).toBe(body.id);
  });

  it('are listed oldest first where that is asked for, page by page', async () => {
    const client = await ctx.register();
    const made: number[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push((await client.post('chatbots', { name: `Bot ${n}` }, { expect: 201 })).body.id);
    expect(idsOfPages(await readPages(client, 'chatbots?order=asc', 2))).toEqual(made);
    expect(idsOfPages(await readPages(client, 'chatbots?order=desc', 2))).toEqual(made.toReversed());
    const refused = await client.get('chatbots?order=down');
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'order']);
  });

  it('are listed newest first, without a gap or a double while the list changes', async () => {
    const client = await ctx.register();
    const made: number[] = [];
    for (let n = 0; n < 45; n += 1) {
      made.push((await client.post('chatbots', { name: `Bot ${n}` }, { expect: 201 })).body.id);
    }
    expect((await client.get('chatbots')).body.items).toHaveLength(20);
    const still = await readPages(client, 'chatbots', 10);
    expect(still.map(({ length }) => length)).toEqual([10, 10, 10, 10, 5]);
    expect(idsOfPages(still)).toEqual(made.toReversed());
    expect((await readPages(client, 'chatbots', 15)).map(({ length }) => length)).toEqual([15, 15, 15]);
    const deleted = new Set<number>();
    const moving = await readPages(client, 'chatbots', 7, async (page: { id: number }[]) => {
      const next = made.findLast((id) => id < page.at(-1)!.id)!;
      for (const id of [page.at(-1)!.id, next]) {
        await client.delete(`chatbots/${id}`, undefined, { expect: 204 });
        deleted.add(id);
      }
      await client.post('chatbots', { name: 'Newcomer' }, { expect: 201 });
    });
    const seen = idsOfPages(moving);
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of made.filter((one) => !deleted.has(one))) expect(seen).toContain(id);
    expect(seen.filter((id) => !made.includes(id))).toEqual([]);
  });
});
