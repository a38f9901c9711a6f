import { describe, expect, it } from 'vitest';
import type { ApiClient, Answer } from '../support/client.ts';
import { type Belongings, idsOf, makeBelongings, readBelongings } from '../support/belongings.ts';
import {
  bodyProperties,
  encodeBody,
  fillPath,
  kindOfOperation,
  kindOfProperty,
  type Operation,
  operationsOf,
  sampleBody,
} from '../support/openapi-samples.ts';
import { useApi } from '../support/suite.ts';
import { countRows, dumpTables } from '../support/tables.ts';
import { beginWith } from '../support/talk.ts';

const NOBODYS = [9007199254740991, 987_654_321];

/** Its answer comes when a job is done, and where there is Redis no job is done here; voice-turns.spec.ts has it. */
const waitsForWorker = (name: string) => name === 'POST /api/v1/conversations/{id}/voice-messages';

// They walk all routes, and there are many.
describe('what belongs to somebody else', { timeout: 120_000 }, () => {
  const ctx = useApi({ whisper: true });
  const document = () => ctx.spec.document;

  /** Every id that a body names is the caller's own. */
  function ownBody(
    operation: Operation,
    own: Belongings,
    account: ApiClient['account'],
  ): Record<string, unknown> | undefined {
    const named = bodyProperties(document(), operation).flatMap(([name, schema]) => {
      const kind = kindOfProperty(name, schema);
      if (!kind) return [];
      const [id] = idsOf(own, kind, `${operation.name} ${name}`);
      return [[name, schema.type === 'array' ? [id] : id]];
    });
    // Names that the whole database has once.
    const unique = [
      ['username', account.username],
      ['externalId', `of-${account.id}-${performance.now()}`],
    ].filter(([name]) => operation.body?.properties?.[name!]);
    return sampleBody(document(), operation, Object.fromEntries([...named, ...unique]));
  }

  function call(
    client: ApiClient,
    operation: Operation,
    path: string,
    body?: Record<string, unknown>,
  ): Promise<Answer> {
    const encoded = encodeBody(operation, body);
    return client.request(operation.method, path, {
      unchecked: true,
      ...(encoded !== undefined && { body: encoded }),
    });
  }

  function withPathParameter(): Operation[] {
    return operationsOf(document()).filter(({ template }) => template.includes('{'));
  }

  it('is not found by any operation that takes an id in its path, and stays as it is', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const [theirs, own] = await Promise.all([makeBelongings(owner, ctx), makeBelongings(stranger, ctx)]);
    const before = await readBelongings(owner, theirs);
    const rows = await dumpTables(ctx);
    const wrong: string[] = [];
    let calls = 0;
    for (const operation of withPathParameter()) {
      const body = ownBody(operation, own, stranger.account);
      const expected = operation.template.includes('/admin/') ? 'route_not_found' : 'not_found';
      const ids = idsOf(theirs, kindOfOperation(operation), operation.name);
      for (const id of ids) {
        const answer = await call(stranger, operation, fillPath(operation.template, id), body);
        calls += 1;
        if (answer.status !== 404 || answer.body.code !== expected)
          wrong.push(`${operation.name}: ${answer.status} ${answer.body?.code ?? ''}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(15);
    expect(await readBelongings(owner, theirs)).toEqual(before);
    expect(await dumpTables(ctx)).toEqual(rows);
  });

  it('is what makes the difference: the same requests work for the owner', async () => {
    const wrong: string[] = [];
    const someone = async () => {
      const client = await ctx.register();
      return { client, own: await makeBelongings(client, ctx) };
    };
    const reader = await someone();
    const operations = withPathParameter().filter(
      ({ template, name }) => !template.includes('/admin/') && !(waitsForWorker(name) && ctx.redis),
    );
    for (const operation of operations) {
      // Whoever only reads has everything afterwards.
      const { client: owner, own } = operation.method === 'GET' ? reader : await someone();
      const [id] = idsOf(own, kindOfOperation(operation), operation.name);
      const body = ownBody(operation, own, owner.account);
      const answer = await call(owner, operation, fillPath(operation.template, id!), body);
      if (answer.status >= 300)
        wrong.push(`${operation.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    expect(wrong).toEqual([]);
  });

  it('is answered like what does not exist', async () => {
    const client = await ctx.register();
    const own = await makeBelongings(client, ctx);
    const rows = await countRows(ctx);
    const wrong: string[] = [];
    for (const operation of withPathParameter()) {
      for (const id of NOBODYS) {
        const body = ownBody(operation, own, client.account);
        const answer = await call(client, operation, fillPath(operation.template, id), body);
        if (answer.status !== 404) wrong.push(`${operation.name} with ${id}: ${answer.status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await countRows(ctx)).toEqual(rows);
  });

  it('cannot be named in a body', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const [theirs, own] = await Promise.all([makeBelongings(owner, ctx), makeBelongings(stranger, ctx)]);
    const rows = await dumpTables(ctx);
    const wrong: string[] = [];
    let calls = 0;
    for (const operation of operationsOf(document())) {
      for (const [name, schema] of bodyProperties(document(), operation)) {
        const kind = kindOfProperty(name, schema);
        if (!kind) continue;
        const path = operation.template.includes('{')
          ? fillPath(
              operation.template,
              idsOf(own, kindOfOperation(operation), `${operation.name} ${name}`)[0]!,
            )
          : operation.template;
        const foreign = [...idsOf(theirs, kind, `${operation.name} ${name}`), ...NOBODYS];
        for (const id of foreign) {
          const value = schema.type === 'array' ? [id] : id;
          const body = { ...ownBody(operation, own, stranger.account), [name]: value };
          const answer = await call(stranger, operation, path, body);
          calls += 1;
          if (answer.status !== 404 || answer.body.code !== 'not_found')
            wrong.push(`${operation.name} ${name}: ${answer.status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(8);
    expect(await dumpTables(ctx)).toEqual(rows);
  });

  it('is in no list, whatever one filters by', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const [theirs] = await Promise.all([makeBelongings(owner, ctx), makeBelongings(stranger, ctx)]);
    const wrong: string[] = [];
    for (const operation of operationsOf(document()).filter(
      ({ method, template }) => method === 'GET' && !template.includes('{'),
    )) {
      for (const { name, schema = {}, in: place } of operation.parameters) {
        const kind = place === 'query' ? kindOfProperty(name, schema) : undefined;
        if (!kind) continue;
        for (const id of idsOf(theirs, kind, `${operation.name} ?${name}`)) {
          const path = `${operation.template}?${name}=${id}`;
          const [mine, foreign] = await Promise.all([owner.get(path), stranger.get(path)]);
          if (mine.body.items.length === 0) wrong.push(`${operation.name} ?${name} gives its owner nothing`);
          if (foreign.status !== 200 || foreign.body.items.length > 0)
            wrong.push(`${operation.name} ?${name}: ${foreign.status}`);
        }
      }
      const list = await stranger.get(operation.template, { unchecked: true });
      const shown = JSON.stringify(list.body?.items ?? []);
      for (const id of idsOf(theirs, 'conversations', operation.name)) {
        if (operation.template.endsWith('/conversations') && shown.includes(`"id":${id},`))
          wrong.push(`${operation.name} lists ${id}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is not reached by a cursor, a key or an id of one’s own making', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    for (const client of [owner, stranger]) {
      for (const title of ['One', 'Two', 'Three']) await client.post('conversations', { title });
    }
    const { body: page } = await owner.get('conversations?limit=1');
    const { body: behind } = await stranger.get(`conversations?cursor=${page.nextCursor}`);
    const own = (await stranger.get('conversations')).body.items.map(({ id }: { id: number }) => id);
    for (const { id } of behind.items) expect(own).toContain(id);
    const headers = { 'Idempotency-Key': 'the-same' };
    const turns = await Promise.all(
      [owner, stranger].map(async (client) => {
        const { body } = await client.post('conversations', { externalId: 'the-same' }, { expect: 201 });
        const said = { content: `Hello of ${client.account.username}` };
        const answer = await client.post(`conversations/${body.id}/messages`, said, { expect: 201, headers });
        expect(answer.headers['idempotent-replayed']).toBeUndefined();
        expect(answer.body.userMessage.content).toBe(said.content);
        return answer.body;
      }),
    );
    expect(turns[0].userMessage.id).not.toBe(turns[1].userMessage.id);
  });

  it('cannot be stopped or followed while it is being written', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const id = await beginWith(owner, { model: 'test:gap=25,count=40' });
    const stream = await owner.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    const tries = await Promise.all([
      stranger.post(`messages/${answerId}/stop`),
      stranger.get(`messages/${answerId}/events`),
      stranger.get(`messages/${answerId}`),
      stranger.post(`messages/${answerId}/regenerate`),
      stranger.post(`conversations/${id}/messages`, { content: 'Let me in' }),
      stranger.delete(`conversations/${id}`),
    ]);
    expect(tries.map(({ status }) => status)).toEqual(Array(6).fill(404));
    expect((await stream.collect()).at(-1)?.event).toBe('message.completed');
    expect((await owner.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
  });
});

describe('without a login', () => {
  const ctx = useApi({ whisper: true, upstream: false });

  it('every operation that needs one says so, and does nothing', async () => {
    const owner = await ctx.register();
    const own = await makeBelongings(owner, ctx);
    const rows = await dumpTables(ctx);
    const wrong: string[] = [];
    const secured = operationsOf(ctx.spec.document).filter(({ security }) => security);
    expect(secured.length).toBeGreaterThan(20);
    for (const operation of secured) {
      const path = operation.template.includes('{')
        ? fillPath(operation.template, idsOf(own, kindOfOperation(operation), operation.name)[0]!)
        : operation.template;
      const body = encodeBody(operation, sampleBody(ctx.spec.document, operation));
      for (const token of [null, 'nonsense', `${owner.token}x`]) {
        const answer = await ctx.client.request(operation.method, path, {
          token,
          ...(body !== undefined && { body }),
        });
        if (answer.status !== 401 || answer.body.code !== 'unauthenticated')
          wrong.push(`${operation.name} with the token ${token}: ${answer.status}`);
        if (answer.headers['www-authenticate'] !== 'Bearer')
          wrong.push(`${operation.name}: no WWW-Authenticate`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await dumpTables(ctx)).toEqual(rows);
  });
});
