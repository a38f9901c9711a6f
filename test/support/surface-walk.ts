import type { Answer } from './client.ts';
import { type Operation, surfaceOperationsOf } from './openapi-samples.ts';
import { type CallOptions, callRoute, fieldsOf } from './surface-call.ts';
import type { Names, Person } from './surface-people.ts';
import { type Place, PLACES } from './surface-places.ts';
import type { ApiContext } from './suite.ts';
import { dumpTables } from './tables.ts';

/** A route of a surface, and its place in the walks. */
export interface Stop {
  operation: Operation;
  place: Place;
  name: string;
}

/** Every route of the surfaces that has a place, in the order of the places. */
export function stopsOf(ctx: ApiContext, isMeant: (place: Place) => boolean = () => true): Stop[] {
  const known = new Map(surfaceOperationsOf(ctx.spec.document).map((one) => [plainName(one), one]));
  return Object.entries(PLACES).flatMap(([name, place]) => {
    const operation = known.get(name);
    return operation && isMeant(place) ? [{ operation, place, name }] : [];
  });
}

/** `GET /chat/history`, however the document writes the path's end. */
export function plainName({ name }: Operation): string {
  return name.replace(/\/$/, '');
}

/** The same request by different people, about different things. */
export function request(
  me: Person,
  { operation, place }: Stop,
  { things = me, fields = {}, ...options }: CallOptions & { things?: Names; fields?: object } = {},
): Promise<Answer> {
  const given = { ...fieldsOf(place, me, things), ...fields };
  return callRoute(me.client, operation, place, given, options);
}

/** A request that has nothing but the session's cookie. */
export const byCookie = (
  { login }: Person,
  headers: Record<string, string> = {},
): Pick<CallOptions, 'token' | 'headers'> => ({
  token: null,
  headers: { cookie: login.cookie, ...headers },
});

/** What is wrong with an error in the envelope of its surface; undefined: nothing. */
export function envelopeFault({ operation }: Stop, { body, headers }: Answer): string | undefined {
  if (headers['content-type'] !== 'application/json; charset=utf-8') return `is ${headers['content-type']}`;
  const keys = Object.keys(body ?? {}).join();
  if (isFieldList(operation, body)) return undefined;
  const expected = envelopesOf(operation);
  return expected.includes(keys) ? undefined : `has the keys ${keys}, not ${expected.join(' or ')}`;
}

/** Accounts of two surfaces: what is wrong with a field is a list. */
function isFieldList({ surface, template }: Operation, body: unknown): boolean {
  const lists = Object.values(body ?? {});
  const hasLists = surface === 'tutor' || (surface === 'companion' && /user|login/.test(template));
  return hasLists && lists.length > 0 && lists.every(Array.isArray);
}

function envelopesOf({ surface, template }: Operation): string[] {
  if (surface === 'companion') return /^\/(chat|bots)\//.test(template) ? ['code,msg,data'] : ['detail'];
  if (surface === 'notebook')
    return template.includes('add_prompt')
      ? ['code,msg', 'code,prompt_title,prompt_text,prompt_msg']
      : ['code,msg'];
  if (surface === 'assistant') return template.startsWith('/api/user/') ? ['detail,message'] : ['error'];
  if (surface === 'widget') return ['success,message', 'success,message,result'];
  if (template.includes('/user/login')) return ['status,message'];
  return template.includes('rerecord_voice') ? ['success,message'] : ['error'];
}

/** What a walk has found wrong, and that nothing changed meanwhile. */
export async function walk(
  ctx: ApiContext,
  stops: Stop[],
  visit: (stop: Stop) => Promise<(string | undefined)[]>,
): Promise<{ wrong: string[]; before: unknown; after: unknown }> {
  const before = await dumpTables(ctx);
  const wrong: string[] = [];
  for (const stop of stops)
    for (const fault of await visit(stop)) if (fault) wrong.push(`${stop.name}: ${fault}`);
  return { wrong, before, after: await dumpTables(ctx) };
}
