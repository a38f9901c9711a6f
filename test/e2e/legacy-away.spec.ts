import { beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { makePerson, type Person } from '../support/surface-people.ts';
import { envelopeFault, request, stopsOf } from '../support/surface-walk.ts';
import { useApi } from '../support/suite.ts';

/** Asks a model, and needs Redis where there is one. */
const TURNS = ['POST /chat/new_chat', 'POST /botchat/chat/obtain_openai_response', 'POST /api/chat'];
const NEEDS_NO_DATABASE =
  /^(GET \/widget|GET \/myapi|POST \/myapi|GET \/myapp\/register|GET \/bots\/get_persona)/;

describe.runIf(inject('dialect') === 'mariadb')('a surface', { timeout: 300_000 }, () => {
  const ctx = useApi();
  let me: Person;

  beforeAll(async () => {
    me = await makePerson(ctx);
  }, 60_000);

  it('says 503 in its envelope when the database is away', async () => {
    const database = await startMariaDb({ dir: temporaryFolder('mariadb') });
    const DATABASE_URL = await database.createDatabase('parley');
    const api = await ctx.startAnother({ DATABASE_URL, REDIS_URL: undefined });
    const there = { ...me, client: Object.assign(me.client.at(api.url), { account: me.client.account }) };
    await database.stop();
    const stops = stopsOf(ctx).filter(({ name }) => !NEEDS_NO_DATABASE.test(name));
    expect(stops.length).toBeGreaterThan(45);
    for (const stop of stops) {
      const answer = await request(there, stop);
      expect([stop.name, answer.status]).toEqual([stop.name, 503]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      if (stop.name !== 'GET /health')
        expect([stop.name, envelopeFault(stop, answer)]).toEqual([stop.name, undefined]);
    }
  });

  it('says 503 in its envelope when Redis is away, and keeps nothing', async () => {
    const rows = () => ctx.query('SELECT id FROM messages ORDER BY id');
    const before = await rows();
    await ctx.redis!.stop();
    for (const stop of stopsOf(ctx).filter(({ name }) => TURNS.includes(name))) {
      const answer = await request(me, stop);
      expect([stop.name, answer.status, envelopeFault(stop, answer)]).toEqual([stop.name, 503, undefined]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(await rows()).toEqual(before);
  });
});
