import { describe, expect, it } from 'vitest';
import { LEGACY_SURFACES, type LegacySurface } from '../../src/config/legacy-env.ts';
import { startApi } from '../support/api-process.ts';
import type { Answer } from '../support/client.ts';
import { OpenApiSpec } from '../support/openapi.ts';
import { allOperationsOf, surfaceOperationsOf } from '../support/openapi-samples.ts';
import { makePerson } from '../support/surface-people.ts';
import { request, stopsOf } from '../support/surface-walk.ts';
import { useApi } from '../support/suite.ts';

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'mysql://nobody@127.0.0.1:9/parley',
  JWT_SECRET: 'x'.repeat(40),
  OPENAI_API_KEY: 'test-key',
  RATE_LIMIT_SCALE: undefined,
  LEGACY_TRUST_CALLER: 'true',
};

describe('LEGACY_SURFACES', { timeout: 120_000 }, () => {
  const ctx = useApi({ upstream: false });

  const surfacesOf = (spec: OpenApiSpec) =>
    new Set(surfaceOperationsOf(spec.document).map(({ surface }) => surface));

  it('has all of them by default, each with a tag of its own, real schemas and a note', () => {
    const { document } = ctx.spec as any;
    expect(surfacesOf(ctx.spec)).toEqual(new Set(LEGACY_SURFACES));
    for (const surface of LEGACY_SURFACES) {
      const tag = document.tags.find(({ name }: any) => name === `legacy: ${surface}`);
      expect([surface, tag?.description]).toEqual([surface, expect.stringMatching(/^Compatibility surface/)]);
    }
    for (const { name, tags, surface, summary, responses, method, body } of surfaceOperationsOf(document)) {
      expect([name, tags]).toEqual([name, [`legacy: ${surface}`]]);
      expect([name, summary]).toEqual([name, expect.stringMatching(/\S/)]);
      const [status] = Object.keys(responses).filter((one) => one.startsWith('2'));
      const [content] = Object.values(responses[status!]?.content ?? {});
      if (method !== 'DELETE') expect([name, content?.schema]).toEqual([name, expect.anything()]);
      if (body) expect([name, Object.keys(body.properties ?? {})]).not.toEqual([name, []]);
    }
  });

  it.each<[string, LegacySurface[]]>([
    ['widget', ['widget']],
    ['notebook,assistant', ['notebook', 'assistant']],
    ['none', []],
  ])('has what it names: %s', async (named, mounted) => {
    const api = await ctx.startAnother({ LEGACY_SURFACES: named });
    const spec = await OpenApiSpec.load(api.url);
    expect(surfacesOf(spec)).toEqual(new Set(mounted));
    const names = (one: OpenApiSpec) => allOperationsOf(one.document).map(({ name }) => name);
    const own = names(ctx.spec).filter((name) => name.includes('/api/v1/'));
    expect(names(spec).filter((name) => name.includes('/api/v1/'))).toEqual(own);
    const me = await makePerson(ctx);
    const there = { ...me, client: me.client.at(api.url) };
    const isGone = ({ status, body }: Answer) => status === 404 && body.code === 'route_not_found';
    for (const stop of stopsOf(ctx)) {
      const isMounted = mounted.includes(stop.operation.surface as LegacySurface);
      const answer = await request(there, stop, { token: null });
      expect([stop.name, isGone(answer)]).toEqual([stop.name, !isMounted]);
    }
    expect((await there.client.get('users/me')).status).toBe(200);
  });

  it('trusts nobody in production by mistake: the process does not start, and says why', async () => {
    await expect(startApi({ env: PRODUCTION })).rejects.toThrow(/LEGACY_TRUST_CALLER must not be true/);
  });
});
