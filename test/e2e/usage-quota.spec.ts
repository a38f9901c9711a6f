import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { createDatabase } from '../support/mariadb.ts';
import { connectBuilt } from '../support/schema-drift.ts';

interface Settlement {
  reserved: number;
  inputTokens: number;
  outputTokens: number;
  estimated: boolean;
}

interface Usage {
  tokensLimited: boolean;
  reserve(
    manager: EntityManager,
    ownerId: number,
    tokens: number,
    now?: Date,
  ): Promise<{ day: string; tokens: number }>;
  settle(manager: EntityManager, ownerId: number, day: string, settlement: Settlement): Promise<void>;
  release(manager: EntityManager, ownerId: number, day: string, reserved: number): Promise<void>;
}

const NOON = new Date('2026-11-21T12:00:00.000Z');
const NOTHING = { requests: 0, input: 0, output: 0, estimated: 0, reserved: 0 };
const isMariaDb = inject('dialect') === 'mariadb';

/** The service itself, as it is built, over a database: what it is for happens inside transactions of others. */
describe('a quota', () => {
  const dataSources: DataSource[] = [];
  let UsageService: new (days: unknown, env: unknown) => Usage;
  let users = 0;

  beforeAll(async () => {
    ({ UsageService } = await import('../../dist/src/usage/usage.service.js' as string));
    const url = isMariaDb
      ? (await createDatabase(inject('mariadb'), 'usage_quota')).replace('mysql:', 'mariadb:')
      : `sqlite:${join(temporaryFolder('sqlite'), 'quota.sqlite')}`;
    // Two pools are two processes to the database. SQLite's second writer would hold up this process as a whole.
    for (let n = 0; n < (isMariaDb ? 2 : 1); n += 1)
      dataSources.push(await connectBuilt({ DIALECT: isMariaDb ? 'mysql' : 'sqlite', DATABASE_URL: url }));
  }, 60_000);

  afterAll(() => Promise.all(dataSources.map((dataSource) => dataSource.destroy())));

  function service(env: { tokens?: number; requests?: number }): Usage {
    return new UsageService(dataSources[0]!.getRepository('UsageDay'), {
      ...{ RATE_LIMIT_SCALE: 1, TURNS_AT_ONCE: 20, TURNS_PER_MINUTE: 60 },
      ...{ QUOTA_TOKENS_PER_DAY: env.tokens, QUOTA_REQUESTS_PER_DAY: env.requests },
    });
  }

  async function newUser(): Promise<number> {
    users += 1;
    const name = `user_${users}`;
    const { identifiers } = await dataSources[0]!.getRepository('User').insert({
      ...{ username: name, usernameKey: name, passwordHash: 'x', role: 'user' },
      ...{ email: null, emailKey: null, deactivatedAt: null, createdAt: NOON, updatedAt: NOON },
    });
    return identifiers[0]!['id'] as number;
  }

  /** As a process of its own does it, but not again where the database finds a deadlock: there must be none. */
  function reserve(usage: Usage, user: number, tokens: number, { now = NOON, at = 0 } = {}) {
    const dataSource = dataSources[at % dataSources.length]!;
    return dataSource.transaction((manager) => usage.reserve(manager, user, tokens, now));
  }

  async function used(user: number, day = '2026-11-21') {
    const row: any = await dataSources[0]!.getRepository('UsageDay').findOneBy({ userId: user, day });
    if (!row) return undefined;
    const { requests, inputTokens, outputTokens, estimatedTokens, reservedTokens } = row;
    return {
      ...{ requests, input: inputTokens, output: outputTokens },
      ...{ estimated: estimatedTokens, reserved: reservedTokens },
    };
  }

  function outcomes(results: PromiseSettledResult<unknown>[]): Record<string, number> {
    const codes = results.map((result) =>
      result.status === 'fulfilled'
        ? 'in'
        : String((result.reason as { code?: string }).code ?? result.reason),
    );
    return Object.fromEntries(
      [...new Set(codes)].map((code) => [code, codes.filter((one) => one === code).length]),
    );
  }

  it.each([
    ['tokens', { tokens: 1_000 }],
    ['requests', { requests: 10 }],
    ['both', { tokens: 1_000, requests: 30 }],
  ])('of %s for ten lets ten of fifty in that come at once', async (_, quota) => {
    const user = await newUser();
    const processes = [service(quota), service(quota)];
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_one, n) => reserve(processes[n % 2]!, user, 100, { at: n })),
    );
    expect(outcomes(all)).toEqual({ in: 10, quota_exceeded: 40 });
    expect(await used(user)).toEqual({ ...NOTHING, requests: 10, reserved: 1_000 });
  });

  it('is each user’s own, when the day begins for many at once', async () => {
    const usage = service({ tokens: 300, requests: 3 });
    const everybody: number[] = [];
    for (let n = 0; n < 20; n += 1) everybody.push(await newUser());
    const all = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => reserve(usage, everybody[n % 20]!, 100, { at: n })),
    );
    expect(outcomes(all)).toEqual({ in: 60, quota_exceeded: 40 });
    for (const user of everybody) expect((await used(user))?.requests).toBe(3);
  });

  it('is refused with what one has to know', async () => {
    const user = await newUser();
    const usage = service({ tokens: 1_000, requests: 2 });
    await reserve(usage, user, 600);
    await expect(reserve(usage, user, 401)).rejects.toMatchObject({
      code: 'quota_exceeded',
      retryAfter: 43_200,
      extensions: { quota: 'tokens', limit: 1_000, used: 600, resetsAt: '2026-11-22T00:00:00.000Z' },
    });
    await reserve(usage, user, 400);
    await expect(reserve(usage, user, 0)).rejects.toMatchObject({
      code: 'quota_exceeded',
      extensions: { quota: 'requests', limit: 2, used: 2 },
    });
    expect(await used(user)).toEqual({ ...NOTHING, requests: 2, reserved: 1_000 });
    expect(await reserve(usage, user, 1_000, { now: new Date('2026-11-22T00:00:00.000Z') })).toEqual({
      day: '2026-11-22',
      tokens: 1_000,
    });
  });

  it('gets back what was reserved and not used', async () => {
    const user = await newUser();
    const usage = service({ tokens: 1_000 });
    expect(usage.tokensLimited).toBe(true);
    const { day } = await reserve(usage, user, 900);
    await expect(reserve(usage, user, 101)).rejects.toMatchObject({ code: 'quota_exceeded' });
    await dataSources[0]!.transaction((manager) =>
      usage.settle(manager, user, day, {
        reserved: 900,
        inputTokens: 40,
        outputTokens: 10,
        estimated: false,
      }),
    );
    expect(await used(user)).toEqual({ ...NOTHING, requests: 1, input: 40, output: 10 });
    await reserve(usage, user, 950);
    await dataSources[0]!.transaction((manager) =>
      usage.settle(manager, user, day, { reserved: 950, inputTokens: 7, outputTokens: 3, estimated: true }),
    );
    expect(await used(user)).toEqual({ ...NOTHING, requests: 2, input: 47, output: 13, estimated: 10 });
  });

  it('loses nothing of what is reserved and settled at once', async () => {
    const user = await newUser();
    const usage = service({ tokens: 1_000_000 });
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const { day, tokens } = await reserve(usage, user, 100 + n, { at: n });
        const end = { reserved: tokens, inputTokens: 3, outputTokens: 2, estimated: n % 2 === 0 };
        await dataSources[n % dataSources.length]!.transaction((manager) =>
          usage.settle(manager, user, day, end),
        );
      }),
    );
    expect(await used(user)).toEqual({ requests: 40, input: 120, output: 80, estimated: 100, reserved: 0 });
  });

  it('is not touched by a transaction that comes to nothing, the first one of the day as well', async () => {
    const user = await newUser();
    const usage = service({ tokens: 1_000 });
    const failing = dataSources[0]!.transaction(async (manager) => {
      await usage.reserve(manager, user, 900, NOON);
      throw new Error('turn_running');
    });
    await expect(failing).rejects.toThrow('turn_running');
    expect(await used(user)).toBeUndefined();
    // The process still thinks that it has seen the row.
    await reserve(usage, user, 1_000);
    expect(await used(user)).toEqual({ ...NOTHING, requests: 1, reserved: 1_000 });
  });

  it('is none where none is set: what is used is counted all the same', async () => {
    const user = await newUser();
    const usage = service({});
    expect(usage.tokensLimited).toBe(false);
    await Promise.all(Array.from({ length: 30 }, (_, at) => reserve(usage, user, 0, { at })));
    expect(await used(user)).toEqual({ ...NOTHING, requests: 30 });
  });

  it('cannot be used by somebody who is gone', async () => {
    await expect(reserve(service({ tokens: 1_000 }), 987_654_321, 1)).rejects.toThrow(/foreign key/i);
  });
});
