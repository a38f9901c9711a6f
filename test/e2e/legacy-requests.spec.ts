import { beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../support/client.ts';
import { setCookieOf, statusesOf } from '../support/logins.ts';
import type { CallOptions, Encoding } from '../support/surface-call.ts';
import { answerShortly, makePerson, NOBODYS, type Person } from '../support/surface-people.ts';
import { envelopeFault, request, type Stop, stopsOf, walk } from '../support/surface-walk.ts';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';

const ENCODINGS: Encoding[] = ['json', 'urlencoded', 'multipart'];
const MIB = 2 ** 20;

/** Texts that are other ones each time, or not there yet. */
const RANDOM = new Set(['access', 'refresh', 'session_id', 'audio_assessment']);

/** What an answer is like: numbers, names and tokens are others each time. */
function likeness({ status, headers, body }: Answer): unknown {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length > 0 ? [plain(value[0])] : [];
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, RANDOM.has(name) ? typeof one : plain(one)]),
      );
    if (typeof value === 'number') return value < 0 ? value : 0;
    return typeof value === 'string' ? value.replaceAll(/[\d-]+/g, '0') : value;
  };
  // Python’s notation of what has been drawn, an answer with its id: other texts each time.
  const isText = typeof body === 'string';
  return { status, type: headers['content-type'], body: isText ? body.length > 0 : plain(body) };
}

describe('requests of older clients', { timeout: 180_000 }, () => {
  const ctx = useApi({ whisper: true, env: { TRUST_PROXY: 'true' } });
  let me: Person;

  beforeEach(async () => {
    answerShortly(ctx.upstream);
    me = await makePerson(ctx);
  }, 60_000);

  /** Where there is Redis speech waits for a worker, and there is none; the surface’s own tests have it. */
  const quick = () => stopsOf(ctx, ({ isSpoken }) => !isSpoken);
  const posts = () => quick().filter(({ operation }) => operation.method === 'POST');
  const isLasting = ({ name }: Stop) => !/delete/i.test(name) && !name.startsWith('DELETE');

  it('work for whoever has logged in, by cookie as by token', async () => {
    const wrong: string[] = [];
    for (const how of ['token', 'cookie']) {
      const someone = await makePerson(ctx);
      const headers = { cookie: someone.login.cookie, 'sec-fetch-site': 'same-origin' };
      const options = how === 'cookie' ? { token: null, headers } : {};
      for (const stop of quick()) {
        const answer = await request(someone, stop, options);
        const { code, success } = (answer.body ?? {}) as Record<string, unknown>;
        if (answer.status >= 300 || (typeof code === 'number' && code < 0) || success === false)
          wrong.push(`${stop.name} by ${how}: ${answer.status} ${answer.bytes.toString().slice(0, 300)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  const sameAs = async (stop: Stop, variants: Record<string, CallOptions & { fields?: object }>) => {
    // Once before: what is made, or deleted, the first time is there, or gone, from then on.
    await request(me, stop);
    const expected = likeness(await request(me, stop));
    const wrong: string[] = [];
    for (const [what, options] of Object.entries(variants)) {
      const found = likeness(await request(me, stop, options));
      if (JSON.stringify(found) !== JSON.stringify(expected))
        wrong.push(`${what}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
    }
    return wrong;
  };

  const collect = async (stops: Stop[], visit: (stop: Stop) => Promise<string[]>) => {
    const wrong: string[] = [];
    for (const stop of stops) wrong.push(...(await visit(stop)).map((fault) => `${stop.name}: ${fault}`));
    return wrong;
  };

  it('may be JSON, urlencoded or multipart, with the same outcome', async () => {
    const stops = posts().filter(({ place }) => !place.upload);
    expect(stops.length).toBeGreaterThan(25);
    const variants = Object.fromEntries(ENCODINGS.map((encoding) => [encoding, { encoding }]));
    expect(await collect(stops, (stop) => sameAs(stop, variants))).toEqual([]);
  });

  it('may name ids as numbers or as strings of digits, and carry unknown fields', async () => {
    const stops = quick().filter((stop) => isLasting(stop) && !stop.place.upload);
    const asStrings = ({ operation, place }: Stop) => {
      const named = [place.caller?.[0], ...Object.keys(place.objects ?? {})].filter(
        (name) => name !== undefined,
      );
      const values = Object.fromEntries(
        named.map((name) => {
          const kind = place.objects?.[name];
          const value = kind ? me[kind] : place.caller?.[1] === 'id' ? me.id : me.username;
          return [name, name.endsWith('_ids') ? [String(value)] : String(value)];
        }),
      );
      return operation.method === 'GET' ? {} : values;
    };
    const faults = await collect(stops, (stop) =>
      sameAs(stop, {
        'ids as strings': { fields: asStrings(stop) },
        'an unknown field': { fields: { unknown_field: 'x', another: 1 } },
      }),
    );
    expect(faults).toEqual([]);
  });

  it('may have doubled slashes, and one at the end or none', async () => {
    const stops = quick().filter(isLasting);
    const faults = await collect(stops, (stop) =>
      sameAs(stop, {
        'a slash at the end': { spelling: (path) => `${path}/` },
        'doubled at the beginning': { spelling: (path) => `/${path}` },
        'doubled everywhere': { spelling: (path) => `${path.replaceAll('/', '//')}//` },
      }),
    );
    expect(faults).toEqual([]);
  });

  it('are refused in the surface’s envelope where they are broken, too large or of another kind', async () => {
    const faultOf = (stop: Stop, what: string, answer: Answer, statuses: number[]) => {
      // Two surfaces say what is wrong with a request with status 200 and a code.
      const isSaid = answer.status === 200 && answer.body?.code < 0;
      const fault = isSaid || statuses.includes(answer.status) ? envelopeFault(stop, answer) : answer.status;
      return fault === undefined ? undefined : `${what}: ${fault} ${answer.bytes.toString().slice(0, 200)}`;
    };
    /** A body of so many bytes, of which none comes: it is refused for its length. */
    const announce = async (path: string, length: number) => {
      const headers = [`Authorization: Bearer ${me.client.token}`, 'Content-Type: application/json'];
      const answer = await sendRaw(ctx.api.url, `POST ${path}`, [...headers, `Content-Length: ${length}`]);
      return { ...answer, bytes: Buffer.from(JSON.stringify(answer.body)) };
    };
    const takesBody = ({ operation, place }: Stop) => operation.body !== undefined && !place.upload;
    const stops = stopsOf(ctx).filter((stop) => stop.operation.method === 'POST' && takesBody(stop));
    expect(stops.length).toBeGreaterThan(25);
    const { wrong, before, after } = await walk(ctx, stops, async (stop) => {
      const path = stop.operation.template;
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      const send = (options: CallOptions) => me.client.request('POST', path, { unchecked: true, ...options });
      const large = stop.place.isSpoken ? 17 * MIB : MIB + 1;
      return [
        faultOf(stop, 'broken JSON', await send({ raw: '{"a":', headers }), [400]),
        faultOf(stop, 'a list', await send({ raw: '[1, 2]', headers }), [400, 404, 422]),
        faultOf(stop, 'too large', await announce(path, large), [413]),
        faultOf(
          stop,
          'XML',
          await send({ raw: '<a/>', headers: { 'content-type': 'application/xml' } }),
          [415],
        ),
        faultOf(
          stop,
          'NUL',
          await send({ raw: '{"username": "a\\u0000b", "user_id": "\\u0000"}', headers }),
          [...[400, 403, 422]],
        ),
      ];
    });
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
  });

  it('that log in, or register, set the session’s cookie, which works for the main API', async () => {
    const logins = posts().filter(({ name }) => /login|register/.test(name));
    expect(logins).toHaveLength(8);
    for (const stop of logins) {
      for (const [proto, isSecure] of [
        ['http', false],
        ['https', true],
      ] as const) {
        const answer = await request(me, stop, { token: null, headers: { 'x-forwarded-proto': proto } });
        const cookie = setCookieOf(answer) ?? '';
        expect([stop.name, cookie]).toEqual([stop.name, expect.stringMatching(/; HttpOnly(;|$)/)]);
        expect(cookie).toMatch(/; SameSite=Lax(;|$)/);
        expect(cookie).toMatch(/; Path=\/(;|$)/);
        expect([proto, /; Secure/.test(cookie)]).toEqual([proto, isSecure]);
        const login = { ...me.login, cookie: cookie.split(';')[0]! };
        expect(await statusesOf(me.client, login)).toEqual([200, 200]);
      }
    }
  });
});

describe('a surface that is asked too often', () => {
  const ctx = useApi({ upstream: false, env: { RATE_LIMIT_SCALE: '0.05' } });

  it('says 429 in its envelope, with Retry-After', async () => {
    const account = { password: 'nonsense' } as Person['client']['account'];
    const client = Object.assign(ctx.client.as(undefined), { account });
    const nobody = { ...NOBODYS, id: 1, username: 'nobody-at-all', client } as Person;
    const stops = stopsOf(ctx).filter(({ name }) => name !== 'GET /health');
    // Not a login, whose own limit is sooner reached.
    const closed = stops.find(({ place }) => !place.isPublic)!;
    const tooMany = async () => (await request(nobody, closed)).status === 429;
    await eventually(tooMany, 20_000);
    for (const stop of stops) {
      const answer = await request(nobody, stop);
      expect([stop.name, answer.status, envelopeFault(stop, answer)]).toEqual([stop.name, 429, undefined]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
