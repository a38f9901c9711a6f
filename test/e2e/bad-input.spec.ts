import { describe, expect, it } from 'vitest';
import { BAD_IDS, badQueries, badValues, MADE_UP_CURSORS } from '../support/bad-values.ts';
import { type Belongings, idsOf, makeBelongings, pathOf, readBelongings } from '../support/belongings.ts';
import type { Answer, ApiClient } from '../support/client.ts';
import type { Schema } from '../support/openapi-schema.ts';
import {
  bodyProperties,
  encodeBody,
  fillPath,
  kindOfOperation,
  kindOfPath,
  kindOfProperty,
  type Operation,
  operationsOf,
  sampleBody,
} from '../support/openapi-samples.ts';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';
import { countRows } from '../support/tables.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const MEBIBYTE = 1024 * 1024;
/** What takes longer bodies, and says in its own spec how long they may be. */
const TAKES_MORE = ['/api/v1/prompts/import'];
const DEEP = 100_000;
const EMOJI = '👨‍👩‍👧‍👦 🇨🇳 👋🏽 𠮷';

/** There are hundreds of requests behind each list: the first ones tell enough. */
function expectNone(wrong: string[]): void {
  expect(wrong.slice(0, 12), `${wrong.length} in all`).toEqual([]);
}

// It walks all routes, and there are many.
describe('bad input', { timeout: 120_000 }, () => {
  const ctx = useApi({ whisper: true, env: ADMIN });

  interface Caller {
    client: ApiClient;
    own: Belongings;
  }

  /** May call every operation, and has one of everything. */
  async function caller(): Promise<Caller> {
    const login = { username: ADMIN.ADMIN_USERNAME, password: ADMIN.ADMIN_PASSWORD };
    const { body } = await ctx.client.post('auth/login', login, { expect: 200 });
    const client = ctx.client.as(body.accessToken);
    client.account = { ...login, id: body.user.id, refreshToken: body.refreshToken };
    // An external id is there once.
    await Promise.all(
      (await client.get('conversations?limit=100')).body.items.map(({ id }: { id: number }) =>
        client.delete(`conversations/${id}`),
      ),
    );
    // Of keys there are only so many.
    await ctx.query('DELETE FROM api_keys WHERE user_id = ?', [client.account.id]);
    const own = await makeBelongings(client, ctx);
    // What an admin does to accounts is not done to his own.
    return { client, own: { ...own, users: [(await ctx.register()).account.id] } };
  }

  function pathFor({ own }: Caller, operation: Operation): string {
    const { template, name } = operation;
    if (!template.includes('{')) return template;
    return fillPath(template, idsOf(own, kindOfOperation(operation), name)[0]!);
  }

  function goodBody({ client, own }: Caller, operation: Operation): Record<string, unknown> {
    const ids = bodyProperties(ctx.spec.document, operation).flatMap(([name, schema]) => {
      const kind = kindOfProperty(name, schema);
      if (!kind) return [];
      const [id] = idsOf(own, kind, operation.name);
      return [[name, schema.type === 'array' ? [id] : id]];
    });
    const passwords = ['currentPassword', 'password']
      .filter((name) => operation.body?.properties?.[name] && operation.template.includes('/users/me'))
      .map((name) => [name, client.account.password]);
    return sampleBody(ctx.spec.document, operation, Object.fromEntries([...ids, ...passwords]))!;
  }

  function withJsonBody(): Operation[] {
    return operationsOf(ctx.spec.document).filter(({ mediaType }) => mediaType === 'application/json');
  }

  /** Says what is wrong with a refusal; undefined where it is as it should be. */
  function faultOf(answer: Answer, what: string, expected: { statuses: number[]; field?: string }): string[] {
    const { status, headers, body } = answer;
    const got = `${what}: ${status} ${body?.code ?? ''} ${JSON.stringify(body?.errors ?? '')}`;
    if (!expected.statuses.includes(status)) return [got];
    if (!headers['content-type']?.startsWith('application/problem+json')) return [`${got} is no problem`];
    const { code, requestId, instance, errors, status: told } = body;
    if (!code || !requestId || !instance || told !== status) return [`${got} lacks a member`];
    if (headers['x-request-id'] !== requestId) return [`${got} has another X-Request-Id`];
    if (code === 'invalid_input' && !(errors?.length > 0 && errors.every(isFieldError)))
      return [`${got} without errors`];
    const isNamed = ({ field }: { field: string }): boolean =>
      field === expected.field || field.startsWith(`${expected.field}.`);
    return expected.field === undefined || errors?.some(isNamed)
      ? []
      : [`${got} does not name ${expected.field}`];
  }

  function isFieldError({ field, message }: { field?: string; message?: string }): boolean {
    return typeof field === 'string' && field !== '' && typeof message === 'string' && message !== '';
  }

  /** How many rows there are, but for those which say that a login has failed. */
  async function countStored(): Promise<Record<string, number>> {
    return { ...(await countRows(ctx)), audit_events: 0 };
  }

  /** Sends each body to its operation; every one has to be refused, and nothing may come of it. */
  async function expectRefusals(
    bodiesOf: (
      operation: Operation,
      good: Record<string, unknown>,
    ) => { what: string; raw: string; field?: string; statuses?: number[] }[],
    least: number,
  ): Promise<void> {
    const who = await caller();
    const wrong: string[] = [];
    let calls = 0;
    const before = await readBelongings(who.client, who.own);
    for (const operation of withJsonBody()) {
      // A request to end one's own account must not end this test.
      const one = operation.template.endsWith('/me') ? { ...who, client: await ctx.register() } : who;
      const rows = await countStored();
      const path = pathFor(who, operation);
      for (const { what, raw, field, statuses = [400] } of bodiesOf(operation, goodBody(one, operation))) {
        const answer = await one.client.request(operation.method, path, { raw });
        calls += 1;
        wrong.push(
          ...faultOf(answer, `${operation.name} with ${what}`, { statuses, ...(field && { field }) }),
        );
      }
      if (JSON.stringify(await countStored()) !== JSON.stringify(rows))
        wrong.push(`${operation.name} changed what is stored`);
    }
    expectNone(wrong);
    expect(calls).toBeGreaterThan(least);
    expect(await readBelongings(who.client, who.own)).toEqual(before);
  }

  it('is made from requests that are good', async () => {
    const wrong: string[] = [];
    const who = await caller();
    for (const operation of withJsonBody()) {
      if (operation.template.endsWith('/me')) continue;
      const path = pathFor(who, operation);
      const { status, body } = await who.client.request(operation.method, path, {
        body: goodBody(who, operation),
        unchecked: true,
      });
      if (status >= 400 && ![401, 409].includes(status))
        wrong.push(`${operation.name}: ${status} ${JSON.stringify(body)}`);
    }
    expectNone(wrong);
  });

  it('of the wrong type, or out of bounds, is refused by the name of its field', () =>
    expectRefusals(
      (operation, good) =>
        bodyProperties(ctx.spec.document, operation).flatMap(([name, schema]) =>
          badValues(schema).map(({ what, value }) => ({
            what: `${what} as ${name} (${JSON.stringify(value)?.slice(0, 60)})`,
            raw: JSON.stringify({ ...good, [name]: value }),
            field: name,
          })),
        ),
      250,
    ));

  it('that is missing, or not asked for, is named', () =>
    expectRefusals((operation, good) => {
      const required = (operation.body!['required'] as string[] | undefined) ?? [];
      const missing = required.map((name) => ({
        what: `no ${name}`,
        raw: JSON.stringify({ ...good, [name]: undefined }),
        field: name,
      }));
      const unknown = [
        'nonsense',
        'id',
        'ownerId',
        'userId',
        'createdAt',
        '$where',
        '',
        'a.b',
        '中文',
        'toString',
      ];
      return [
        ...missing,
        ...unknown.map((name) => ({
          what: `the unknown "${name}"`,
          raw: JSON.stringify({ ...good, [name]: 1 }),
          field: name || 'body',
        })),
      ];
    }, 100));

  it('that is required and blank is refused', () =>
    expectRefusals(
      (operation, good) =>
        ((operation.body!['required'] as string[] | undefined) ?? [])
          .filter((name) => operation.body!.properties![name]!.type === 'string')
          .flatMap((name) =>
            ['', ' ', '\t\n', '\u3000', '\u00a0'].map((blank) => ({
              what: `the ${name} ${JSON.stringify(blank)}`,
              raw: JSON.stringify({ ...good, [name]: blank }),
              statuses: [400, 401],
            })),
          ),
      20,
    ));

  it('that is no JSON object is refused', () =>
    expectRefusals((_operation, good) => {
      const text = JSON.stringify(good);
      const broken = [
        '',
        ' ',
        '{',
        text.slice(0, -1),
        `${text}}`,
        `${text},`,
        'nonsense',
        "{'a':1}",
        '\u0000',
        '\ufeff',
      ];
      return [
        ...broken.map((raw) => ({ what: `the body ${raw.slice(0, 60)}`, raw })),
        ...['null', '[]', `[${text}]`, '"x"', '1', 'true'].map((raw) => ({
          what: `the body ${raw}`,
          raw,
          field: 'body',
        })),
      ];
    }, 100));

  it('with the keys of prototypes is refused', () =>
    expectRefusals(
      (_operation, good) =>
        [
          ...['"__proto__":{"role":"admin"}', '"__proto__":1', '"nonsense":{"__proto__":{}}'],
          ...[
            '"constructor":{"prototype":{"role":"admin"}}',
            '"constructor":1',
            '"prototype":{}',
            '"valueOf":1',
          ],
          ...['"\\u005f_proto__":{"role":"admin"}', '"hasOwnProperty":null'],
        ].map((member) => ({ what: member, raw: JSON.stringify(good).replace('{', `{${member},`) })),
      100,
    ));

  it('that is nested very deep is refused', () =>
    expectRefusals((operation, good) => {
      const list = '['.repeat(DEEP) + ']'.repeat(DEEP);
      const object = '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP);
      const [name = 'nonsense'] = Object.keys(operation.body!.properties ?? {});
      return [list, object].flatMap((value) => [
        {
          what: 'a deep value',
          raw: JSON.stringify({ ...good, [name]: 0 }).replace(`"${name}":0`, `"${name}":${value}`),
        },
        { what: 'a deep unknown value', raw: `{"nonsense":${value}}` },
        { what: 'a deep body', raw: value },
      ]);
    }, 50));

  it('with U+0000 in a text is refused by the name of its field', () =>
    expectRefusals(
      (operation, good) =>
        textsOf(operation).flatMap(([name, schema]) => [
          {
            what: `U+0000 in ${name}`,
            raw: JSON.stringify({ ...good, [name]: schema.type === 'array' ? ['a\0b'] : 'abcd\0efgh' }),
            field: name,
          },
        ]),
      15,
    ));

  function textsOf(operation: Operation): [string, Schema][] {
    return bodyProperties(ctx.spec.document, operation).filter(
      ([, { type, items, enum: values }]) =>
        !values && (type === 'string' || (type === 'array' && items?.type === 'string')),
    );
  }

  it.each([
    ['a lone surrogate', 'ab\ud83d cd'],
    ['emoji', EMOJI],
    ['the last code point', 'ab\u{10ffff}cd'],
    ['directions and zero widths', 'a\u202eb\u200bc\ufeffd'],
    ['combining marks', `e${'\u0301'.repeat(60)}`],
    ['control characters', 'a\u0001\u001b[31m\u007fb'],
    ['line ends', 'a\r\nb\nc\u2028d'],
    ['quotes and signs', `'; DROP TABLE users; -- " \\ %s {{x}} <script>alert(1)</script>`],
  ])('that is %s is refused, or kept as it is', async (_what, text) => {
    const wrong: string[] = [];
    for (const operation of withJsonBody().filter(({ template }) => !template.endsWith('/me'))) {
      const who = await caller();
      const path = pathFor(who, operation);
      for (const [name, schema] of textsOf(operation)) {
        const value = schema.type === 'array' ? [text] : text;
        const body = { ...goodBody(who, operation), [name]: value };
        if (operation.template.endsWith('/messages')) await settled(who);
        wrong.push(...(await faultOfKeeping(who, operation, path, name, body)));
        if (operation.template.endsWith('/conversations')) who.own = await caller().then(({ own }) => own);
      }
    }
    expectNone(wrong);
  });

  it('of the longest texts of emoji is kept whole, or refused', async () => {
    const wrong: string[] = [];
    for (const operation of withJsonBody().filter(({ template }) => !template.endsWith('/me'))) {
      const who = await caller();
      const path = pathFor(who, operation);
      for (const [name, schema] of textsOf(operation)) {
        const { maxLength } = schema as { maxLength?: number };
        if (!maxLength) continue;
        const body = { ...goodBody(who, operation), [name]: '😀'.repeat(maxLength) };
        wrong.push(...(await faultOfKeeping(who, operation, path, name, body)));
      }
    }
    expectNone(wrong);
  });

  async function settled({ client, own }: Caller): Promise<void> {
    await client.post(`messages/${own['messages']![0]}/stop`);
  }

  /** A text is refused as bad input, or what is answered and what is read afterwards is what was sent. */
  async function faultOfKeeping(
    { client }: Caller,
    operation: Operation,
    path: string,
    name: string,
    body: Record<string, unknown>,
  ): Promise<string[]> {
    const what = `${operation.name} with ${name} ${JSON.stringify(body[name]).slice(0, 60)}`;
    const answer = await client.request(operation.method, path, { body });
    if (answer.status >= 400) return faultOf(answer, what, { statuses: [400, 401, 409] });
    const answered = answer.body?.userMessage ?? answer.body;
    if (!(name in (answered ?? {}))) return [];
    if (JSON.stringify(answered[name]) !== JSON.stringify(body[name]))
      return [`${what} answers ${JSON.stringify(answered[name]).slice(0, 60)}`];
    const collection = operation.template.endsWith('/messages')
      ? 'messages'
      : pathOf(kindOfPath(`${operation.template}/{id}`.replace('/{id}/{id}', '/{id}')));
    const { body: read } = await client.get(`${collection}/${answered.id}`, { expect: 200 });
    return JSON.stringify(read[name]) === JSON.stringify(body[name])
      ? []
      : [`${what} is read as ${JSON.stringify(read[name]).slice(0, 60)}`];
  }

  it('of another media type is refused', async () => {
    const who = await caller();
    const rows = await countRows(ctx);
    const wrong: string[] = [];
    const types = [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'multipart/form-data; boundary=x',
      'nonsense',
    ];
    for (const operation of withJsonBody()) {
      const path = pathFor(who, operation);
      const raw = JSON.stringify(goodBody(who, operation));
      const what = `${operation.name} as`;
      for (const type of types) {
        const answer = await who.client.request(operation.method, path, {
          raw,
          headers: { 'Content-Type': type },
        });
        wrong.push(...faultOf(answer, `${what} ${type}`, { statuses: [415] }));
        if (answer.body.code !== 'unsupported_media_type') wrong.push(`${what} ${type}: ${answer.body.code}`);
      }
      const headers = [
        `Authorization: Bearer ${who.client.token}`,
        `Content-Length: ${Buffer.byteLength(raw)}`,
      ];
      const none = await sendRaw(who.client.baseUrl, `${operation.method} ${path}`, headers, raw);
      if (none.status !== 415) wrong.push(`${what} nothing: ${none.status}`);
      if (!operation.isBodyRequired) continue;
      const nothing = await who.client.request(operation.method, path);
      wrong.push(...faultOf(nothing, `${operation.name} without a body`, { statuses: [400], field: 'body' }));
    }
    expectNone(wrong);
    expect(await countRows(ctx)).toEqual(rows);
  });

  it('of more than 1 MiB is refused, whether it says so before or not', async () => {
    const who = await caller();
    const rows = await countRows(ctx);
    const wrong: string[] = [];
    for (const operation of withJsonBody().filter(({ template }) => !TAKES_MORE.includes(template))) {
      const raw = JSON.stringify({ nonsense: 'x'.repeat(MEBIBYTE) });
      const send = () => who.client.request(operation.method, pathFor(who, operation), { raw });
      // The server answers and closes before it has read all: now and then the answer is lost to the writing.
      const answer = await send().catch(send).catch(send);
      wrong.push(...faultOf(answer, operation.name, { statuses: [413] }));
    }
    const [operation] = withJsonBody();
    const chunk = 'x'.repeat(65_536);
    const chunks = Array.from({ length: 20 }, () => `10000\r\n${chunk}\r\n`).join('');
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
    const chunked = await sendRaw(
      ctx.api.url,
      `${operation!.method} ${operation!.template}`,
      headers,
      `${chunks}0\r\n\r\n`,
    );
    expect(chunked.status).toBe(413);
    expectNone(wrong);
    expect(await countRows(ctx)).toEqual(rows);
  });

  it('in a path is refused', async () => {
    const who = await caller();
    const before = await readBelongings(who.client, who.own);
    const wrong: string[] = [];
    for (const operation of operationsOf(ctx.spec.document).filter(({ template }) =>
      template.includes('{'),
    )) {
      const body = encodeBody(operation, operation.body && goodBody(who, operation));
      for (const id of BAD_IDS) {
        const answer = await who.client.request(operation.method, fillPath(operation.template, id), {
          ...(body !== undefined && { body }),
          unchecked: true,
        });
        const isLong = id.length > 500;
        const what = `${operation.name} with the id ${id.slice(0, 40)}`;
        wrong.push(...faultOf(answer, what, { statuses: isLong ? [400, 404, 414] : [400] }));
        if (answer.body.code === 'invalid_input' && answer.body.errors[0].field !== 'id')
          wrong.push(`${what} names ${answer.body.errors[0].field}`);
      }
    }
    expectNone(wrong);
    expect(await readBelongings(who.client, who.own)).toEqual(before);
  });

  it('in a query is refused by the name of its field', async () => {
    const who = await caller();
    const wrong: string[] = [];
    let calls = 0;
    for (const operation of operationsOf(ctx.spec.document)) {
      const path = pathFor(who, operation);
      const parameters = operation.parameters.filter(({ in: place }) => place === 'query');
      for (const { name, schema = {} } of parameters) {
        for (const query of badQueries(name, schema)) {
          const answer = await who.client.request(operation.method, `${path}?${query}`, { unchecked: true });
          calls += 1;
          // A name with brackets is another name.
          const field = query.startsWith(`${name}=`) ? { field: name } : {};
          const statuses = query.startsWith('after[') ? [200, 400] : [400];
          if (answer.status !== 200 || !statuses.includes(200))
            wrong.push(...faultOf(answer, `${operation.name}?${query.slice(0, 60)}`, { statuses, ...field }));
        }
      }
      if (!parameters.some(({ name }) => name === 'cursor')) continue;
      for (const cursor of MADE_UP_CURSORS) {
        const answer = await who.client.request(operation.method, `${path}?cursor=${cursor}`);
        const what = `${operation.name} with the cursor ${Buffer.from(cursor, 'base64url').toString()}`;
        if (answer.status !== 200) wrong.push(...faultOf(answer, what, { statuses: [400], field: 'cursor' }));
      }
      const unknown = await who.client.request(operation.method, `${path}?nonsense=1`);
      wrong.push(...faultOf(unknown, `${operation.name}?nonsense=1`, { statuses: [400], field: 'nonsense' }));
    }
    expectNone(wrong);
    expect(calls).toBeGreaterThan(100);
  });

  it('in a header is refused', async () => {
    const who = await caller();
    const rows = await countRows(ctx);
    const [answerId] = who.own['messages']!;
    for (const key of ['', ' ', 'a b', 'x'.repeat(256), 'schlüssel', 'a\tb']) {
      const headers = { 'Idempotency-Key': Buffer.from(key).toString('latin1') };
      const path = `conversations/${who.own['conversations']![0]}/messages`;
      const sent = await who.client.post(path, { content: 'Hello' }, { headers });
      expect(faultOf(sent, `the key "${key}"`, { statuses: [400], field: 'Idempotency-Key' })).toEqual([]);
      const again = await who.client.post(`messages/${answerId}/regenerate`, undefined, { headers });
      expect(faultOf(again, `the key "${key}"`, { statuses: [400], field: 'Idempotency-Key' })).toEqual([]);
    }
    for (const last of ['abc', '-1', '1.5', '9'.repeat(16), '1,2']) {
      const answer = await who.client.get(`messages/${answerId}/events`, {
        headers: { 'Last-Event-ID': last },
      });
      expect(faultOf(answer, `Last-Event-ID ${last}`, { statuses: [400], field: 'Last-Event-ID' })).toEqual(
        [],
      );
    }
    expect(await countRows(ctx)).toEqual(rows);
  });

  it('never is our mistake: nothing of all this was logged as an error', () => {
    expect(ctx.logs()).not.toContain('"level":"error"');
  });

  it('is explained in the caller’s language', async () => {
    const client = await ctx.register();
    const say = async (language: string) =>
      (await client.post('chatbots', {}, { headers: { 'Accept-Language': language } })).body;
    expect(await say('zh-CN,zh;q=0.9,en;q=0.8')).toMatchObject({
      title: '输入无效',
      errors: [{ field: 'name', message: expect.stringMatching(/必/) }],
    });
    expect((await say('de, en;q=0.5')).title).toBe('Invalid input');
    expect((await say(';;;q=, fr;q=x,*')).title).toBe('Invalid input');
  });
});
