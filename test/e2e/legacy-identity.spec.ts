import { beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../support/api-keys.ts';
import type { Answer } from '../support/client.ts';
import { LEGACY_SURFACES } from '../../src/config/legacy-env.ts';
import { surfaceOperationsOf } from '../support/openapi-samples.ts';
import { makePerson, NOBODYS, type Person } from '../support/surface-people.ts';
import { PLACES } from '../support/surface-places.ts';
import {
  byCookie,
  envelopeFault,
  plainName,
  request,
  type Stop,
  stopsOf,
  walk,
} from '../support/surface-walk.ts';
import { useApi } from '../support/suite.ts';
import { dumpTables } from '../support/tables.ts';

const FOREIGN = { origin: 'https://evil.example.com' };
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };

describe('who calls a surface', { timeout: 180_000 }, () => {
  const ctx = useApi({ whisper: true });
  let owner: Person;
  let stranger: Person;

  beforeAll(async () => {
    owner = await makePerson(ctx);
    stranger = await makePerson(ctx);
  }, 60_000);

  const closed = () => stopsOf(ctx, ({ isPublic }) => !isPublic);

  const faultOf = (stop: Stop, answer: Answer, status: number, how: string): string | undefined => {
    const fault =
      answer.status === status ? envelopeFault(stop, answer) : `is ${answer.status}, not ${status}`;
    const leak = JSON.stringify(answer.body ?? '').includes(owner.secret)
      ? 'shows the owner’s text'
      : undefined;
    return (fault ?? leak) && `${how} ${fault ?? leak}: ${answer.bytes.toString().slice(0, 200)}`;
  };

  it('has a place for every route of every surface, and the other way round', () => {
    const operations = surfaceOperationsOf(ctx.spec.document);
    expect(operations.map(plainName).sort()).toEqual(Object.keys(PLACES).sort());
    expect(new Set(operations.map(({ surface }) => surface))).toEqual(new Set(LEGACY_SURFACES));
    for (const operation of operations)
      expect([operation.name, operation.security === undefined || operation.security.length === 0]).toEqual([
        operation.name,
        PLACES[plainName(operation)]!.isPublic === true,
      ]);
  });

  it('needs a login: 401 in the surface’s envelope, and nothing is done', async () => {
    const { wrong, before, after } = await walk(ctx, closed(), async (stop) => [
      faultOf(stop, await request(owner, stop, { token: null }), 401, 'without a login'),
      faultOf(stop, await request(owner, stop, { token: 'nonsense' }), 401, 'with a wrong token'),
      faultOf(
        stop,
        await request(owner, stop, { token: null, headers: { cookie: 'parley_session=nonsense' } }),
        401,
        'with a wrong cookie',
      ),
      // A token that is wrong is not made good by a cookie.
      faultOf(stop, await request(owner, stop, { ...byCookie(owner), token: 'nonsense' }), 401, 'with both'),
    ]);
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
  });

  it('must be who is named: 403 in the surface’s envelope, and nothing is read or done', async () => {
    const stops = closed().filter(({ place }) => place.caller);
    expect(stops.length).toBeGreaterThan(25);
    const { wrong, before, after } = await walk(ctx, stops, async (stop) => {
      const [field, as] = stop.place.caller!;
      const status = stop.place.mismatch ?? 403;
      const others =
        as === 'id' ? [owner.id, String(owner.id), 987_654_321] : [owner.username, 'nobody-at-all'];
      const answers = others.flatMap((other) =>
        [{}, byCookie(stranger, SAME_ORIGIN)].map(async (how) => {
          const answer = await request(stranger, stop, { things: owner, fields: { [field]: other }, ...how });
          return faultOf(stop, answer, status, `as ${other}`);
        }),
      );
      return Promise.all(answers);
    });
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
  });

  it('cannot contradict itself: one name in the query and another one in the body', async () => {
    const stops = closed().filter(
      ({ place, operation }) => place.caller && !place.upload && operation.method === 'POST',
    );
    const { wrong, before, after } = await walk(ctx, stops, async (stop) => {
      const [field, as] = stop.place.caller!;
      const other = as === 'id' ? owner.id : owner.username;
      const spelling = (path: string) => `${path}?${field}=${other}`;
      return [faultOf(stop, await request(stranger, stop, { spelling }), 403, 'with two names')];
    });
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
  });

  it('finds what belongs to somebody else exactly as what does not exist', async () => {
    const stops = closed().filter(({ place }) => place.objects);
    expect(stops.length).toBeGreaterThan(20);
    const theirs = await rowsOf(owner);
    const wrong: string[] = [];
    let calls = 0;
    for (const stop of stops) {
      for (const [field, kind] of Object.entries(stop.place.objects!)) {
        for (const how of [{}, byCookie(stranger, SAME_ORIGIN)]) {
          const [foreign, nobodys] = [
            await about(stop, kind, owner, how),
            await about(stop, kind, NOBODYS, how),
          ];
          calls += 1;
          const [one, other] = [foreign, nobodys].map(({ status, bytes }) => `${status} ${bytes.toString()}`);
          if (one !== other) wrong.push(`${stop.name} ${field}: ${one} is not ${other}`);
          if (foreign.bytes.includes(owner.secret))
            wrong.push(`${stop.name} ${field} shows the owner’s text`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(40);
    expect(await rowsOf(owner)).toEqual(theirs);
  });

  it('lists nothing of anybody else’s', async () => {
    const stops = closed().filter(({ operation, place }) => operation.method === 'GET' && !place.byGet);
    for (const stop of stops) {
      const answer = await request(stranger, stop);
      expect([stop.name, answer.bytes.includes(owner.secret)]).toEqual([stop.name, false]);
    }
  });

  it('is no machine: API keys are refused', async () => {
    const { key } = await makeKey(owner.client, { scopes: ['read', 'chat'] });
    const { wrong, before, after } = await walk(ctx, closed(), async (stop) => [
      faultOf(stop, await request(owner, stop, { token: key }), 403, 'with a key'),
    ]);
    expect(wrong).toEqual([]);
    expect(withoutKeys(after)).toEqual(withoutKeys(before));
  });

  it('is no other site: changing requests with the cookie and a foreign origin are refused', async () => {
    const stops = closed().filter(({ operation }) => operation.method !== 'GET');
    expect(stops.length).toBeGreaterThan(25);
    const headers = [
      FOREIGN,
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ];
    const { wrong, before, after } = await walk(ctx, stops, (stop) =>
      Promise.all(
        headers.map(async (from) =>
          faultOf(stop, await request(owner, stop, byCookie(owner, from)), 403, JSON.stringify(from)),
        ),
      ),
    );
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
  });

  it('is no link of another site, where a GET changes something', async () => {
    const stops = stopsOf(ctx, ({ byGet }) => byGet !== undefined);
    expect(stops.map(({ name }) => name)).toContain('GET /chat/new_chat');
    const elsewhere = [{ 'sec-fetch-site': 'cross-site' }];
    const anywhere = [...elsewhere, {}, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': 'same-site' }];
    const { wrong, before, after } = await walk(ctx, stops, (stop) =>
      Promise.all(
        (stop.place.byGet === 'from others' ? elsewhere : anywhere).map(async (from) =>
          faultOf(stop, await request(owner, stop, byCookie(owner, from)), 403, JSON.stringify(from)),
        ),
      ),
    );
    expect(wrong).toEqual([]);
    expect(after).toEqual(before);
    for (const stop of stops) {
      expect((await request(owner, stop, byCookie(owner, SAME_ORIGIN))).status).toBe(200);
      expect((await request(owner, stop)).status).toBe(200);
    }
  });

  /** A request of the stranger's about one thing of somebody else's. */
  function about(
    stop: Stop,
    kind: keyof typeof NOBODYS,
    whose: typeof NOBODYS,
    how: object,
  ): Promise<Answer> {
    return request(stranger, stop, { things: { ...stranger, [kind]: whose[kind] }, ...how });
  }

  /** All rows in which this person, or his text, is. */
  async function rowsOf({ id, secret }: Person): Promise<Record<string, unknown[]>> {
    const isHis = (row: any) =>
      Number(row.owner_id ?? row.user_id) === id || JSON.stringify(row).includes(secret);
    const dump = Object.entries(await dumpTables(ctx));
    return Object.fromEntries(dump.map(([table, rows]) => [table, rows.filter(isHis)]));
  }

  const withoutKeys = (dump: unknown) => ({ ...(dump as object), api_keys: undefined });
});
