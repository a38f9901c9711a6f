import { beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../support/api-keys.ts';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import {
  encodeBody,
  fillPath,
  type Operation,
  operationsOf,
  sampleBody,
} from '../support/openapi-samples.ts';
import { useApi } from '../support/suite.ts';
import { countRows, dumpTables } from '../support/tables.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const NOBODYS = 987_654_321;
const SCOPES = ['read', 'chat', 'admin'];

/** Of the account's routes keys may call these only. */
const ACCOUNT_FOR_KEYS = ['GET /api/v1/users/me', 'GET /api/v1/users/me/usage'];

/** Reading these may cost an answer of a model. */
const COSTLY = ['GET /api/v1/messages/{id}/suggestions'];

/** What an operation needs, as it is promised; not asked of the code. */
function needOf({ name, method, template }: Operation): string {
  if (ACCOUNT_FOR_KEYS.includes(name)) return 'read';
  if (COSTLY.includes(name)) return 'chat';
  if (template.startsWith('/api/v1/auth/') || template.startsWith('/api/v1/users/me')) return 'session';
  if (template.startsWith('/api/v1/admin/')) return 'admin';
  return method === 'GET' ? 'read' : 'chat';
}

// It walks all routes, and there are many.
describe('an API key', { timeout: 120_000 }, () => {
  const ctx = useApi({ whisper: true, env: ADMIN });
  let admin: ApiClient;
  let secured: Operation[];

  beforeAll(async () => {
    const login = await logIn(ctx.client, ADMIN.ADMIN_USERNAME, ADMIN.ADMIN_PASSWORD);
    admin = ctx.client.as(login.accessToken);
    const { id, username } = login.user;
    admin.account = { id, username, password: ADMIN.ADMIN_PASSWORD, refreshToken: login.refreshToken };
    secured = operationsOf(ctx.spec.document).filter(({ security }) => security);
  });

  async function codeOf(operation: Operation, token: string): Promise<string> {
    const body = encodeBody(operation, sampleBody(ctx.spec.document, operation));
    const { status, body: answer } = await ctx.client.request(
      operation.method,
      fillPath(operation.template, NOBODYS),
      { token, unchecked: true, ...(body !== undefined && { body }) },
    );
    return [401, 403].includes(status) || answer?.code === 'route_not_found'
      ? `${status} ${answer.code} ${answer.requiredScope ?? ''}`.trim()
      : 'let in';
  }

  /** What every operation answers to a key of these scopes, beside what was promised. */
  async function differences(client: ApiClient, scopes: string[]): Promise<string[]> {
    const { key } = await makeKey(client, { scopes });
    const wrong: string[] = [];
    for (const operation of secured) {
      const need = needOf(operation);
      const refused = need === 'session' ? '403 session_required' : `403 insufficient_scope ${need}`;
      const missing = need === 'admin' && client !== admin ? '404 route_not_found' : 'let in';
      const expected = scopes.includes(need) ? missing : refused;
      const got = await codeOf(operation, key);
      if (got !== expected) wrong.push(`${operation.name} with ${scopes.join()}: ${got}, not ${expected}`);
    }
    return wrong;
  }

  it('is said in the document to need what it needs, at every operation', () => {
    expect(secured.length).toBeGreaterThan(50);
    const told = secured.map(({ name, template, method, security }) => {
      const scope = (ctx.spec.document.paths[template]![method.toLowerCase()] as any)['x-required-scope'];
      return `${name}: ${security!.some((way) => 'api-key' in way) ? scope : 'session'}`;
    });
    expect(told).toEqual(secured.map((operation) => `${operation.name}: ${needOf(operation)}`));
    for (const need of [...SCOPES, 'session'])
      expect(secured.filter((operation) => needOf(operation) === need).length).toBeGreaterThan(2);
  });

  it.each([['read'], ['chat'], ['admin']])('that has only the scope %s does only that', async (scope) => {
    expect(await differences(await ctx.register(), [scope])).toEqual([]);
  });

  it('of an admin with all scopes does everything but what is the account’s', async () => {
    expect(await differences(admin, SCOPES)).toEqual([]);
  });

  it('of an admin without the scope admin does nothing that is for admins', async () => {
    expect(await differences(admin, ['read', 'chat'])).toEqual([]);
  });

  it('changes and reads nothing where it is refused', async () => {
    const client = await ctx.register();
    const { key } = await makeKey(client, { scopes: ['admin'] });
    const used = () => ctx.query('SELECT id FROM api_keys WHERE last_used_at IS NULL');
    const unused = (await used()).length;
    await client.get('users/me', { token: key });
    await expect.poll(async () => (await used()).length, { timeout: 10_000 }).toBe(unused - 1);
    const rows = await dumpTables(ctx);
    for (const operation of secured.filter((one) => needOf(one) !== 'admin'))
      expect(await codeOf(operation, key)).toMatch(/^403 /);
    expect(await dumpTables(ctx)).toEqual(rows);
  });

  it('that may only chat makes no shared prompt for an admin', async () => {
    const prompt = { title: 'For all', text: 'Hello', shared: true };
    const tries = async (scopes: string[]) => {
      const { key } = await makeKey(admin, { scopes });
      return (await ctx.client.post('prompts', prompt, { token: key })).status;
    };
    const before = await countRows(ctx);
    expect(await tries(['chat', 'read'])).toBe(400);
    expect((await countRows(ctx))['prompts']).toBe(before['prompts']);
    expect(await tries(['chat', 'admin'])).toBe(201);
  });

  it('loses what it may do for admins with the role', async () => {
    const client = await ctx.register();
    const { key } = await makeKey(client, { scopes: ['admin'] });
    const list = async () => (await ctx.client.get('admin/users', { token: key })).status;
    const change = (role: string) =>
      admin.patch(`admin/users/${client.account.id}`, { role }, { expect: 200 });
    expect(await list()).toBe(404);
    await change('admin');
    expect(await list()).toBe(200);
    await change('user');
    expect(await list()).toBe(404);
  });
});
