import { describe, expect, it } from 'vitest';
import { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

describe.each([
  { kind: 'chatbots', field: 'chatbotId', making: { name: 'Ada' } },
  { kind: 'topics', field: 'topicId', making: { theme: 'Tea' } },
])('the running conversation of $kind', ({ kind, field, making }) => {
  const ctx = useApi();

  const partner = async (client: ApiClient): Promise<number> =>
    (await client.post(kind, making, { expect: 201 })).body.id;
  const run = async (client: ApiClient, id: number) =>
    (await client.put(`${kind}/${id}/conversation`, undefined, { expect: 200 })).body;
  const listed = async (client: ApiClient) => (await client.get('conversations?limit=100')).body.items;

  it('is made where there is none, and found from then on', async () => {
    const client = await ctx.register();
    const id = await partner(client);
    expect((await client.get(`${kind}/${id}/conversation`)).body.code).toBe('not_found');
    expect(await listed(client)).toEqual([]);
    const running = await run(client, id);
    expect(running).toMatchObject({ [field]: id, title: '', activeSeq: 0 });
    expect(await run(client, id)).toEqual(running);
    expect((await client.get(`${kind}/${id}/conversation`)).body).toEqual(running);
    expect((await client.get(`conversations/${running.id}`)).body).toEqual(running);
    expect(await listed(client)).toEqual([running]);
  });

  it('is the one last talked in, where there are some; it stays it when another one is talked in', async () => {
    const client = await ctx.register();
    const id = await partner(client);
    const [one, two] = [await begin(client, { [field]: id }), await begin(client, { [field]: id })];
    const say = (to: number) =>
      client.post(`conversations/${to}/messages`, { content: 'Hi' }, { expect: 201 });
    await say(two);
    await say(one);
    expect((await client.get(`${kind}/${id}/conversation`)).body.id).toBe(one);
    expect((await run(client, id)).id).toBe(one);
    await say(two);
    expect((await run(client, id)).id).toBe(one);
    expect((await client.get(`${kind}/${id}/conversation`)).body.id).toBe(one);
  });

  it('ends when it is deleted, or given to another one', async () => {
    const client = await ctx.register();
    const [id, other] = [await partner(client), await partner(client)];
    const first = await run(client, id);
    await client.delete(`conversations/${first.id}`, undefined, { expect: 204 });
    const second = await run(client, id);
    expect(second.id).not.toBe(first.id);
    const theirs = await run(client, other);
    await client.patch(`conversations/${second.id}`, { [field]: id }, { expect: 200 });
    expect((await run(client, id)).id).toBe(second.id);
    await client.patch(`conversations/${second.id}`, { [field]: other }, { expect: 200 });
    expect((await run(client, other)).id).toBe(theirs.id);
    expect((await run(client, id)).id).not.toBe(second.id);
  });

  it('is one, however many ask at once, at two processes', async () => {
    const client = await ctx.register();
    const id = await partner(client);
    const other = await ctx.startAnother();
    const elsewhere = new ApiClient(other.url, { spec: ctx.spec, token: client.token! });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => run(index % 2 === 0 ? client : elsewhere, id)),
    );
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    expect(await listed(client)).toHaveLength(1);
  });

  it("is nobody else's, and of nothing that is not there", async () => {
    const [client, stranger] = [await ctx.register(), await ctx.register()];
    const id = await partner(client);
    await run(client, id);
    for (const wrong of [id, 987_654_321]) {
      expect((await stranger.put(`${kind}/${wrong}/conversation`)).body.code).toBe('not_found');
      expect((await stranger.get(`${kind}/${wrong}/conversation`)).body.code).toBe('not_found');
    }
    expect(await listed(stranger)).toEqual([]);
  });

  it('outlives what was deleted only where it can be read', async () => {
    const client = await ctx.register();
    const id = await partner(client);
    const running = await run(client, id);
    await client.delete(`${kind}/${id}`, undefined, { expect: 204 });
    expect((await client.put(`${kind}/${id}/conversation`)).body.code).toBe('not_found');
    const { status, body } = await client.get(`${kind}/${id}/conversation`);
    // A chatbot is kept for the conversations that were had with it; a topic is gone.
    if (kind === 'chatbots') expect(body).toEqual(running);
    else expect([status, body.code]).toEqual([404, 'not_found']);
    await client.get(`conversations/${running.id}`, { expect: 200 });
  });
});
