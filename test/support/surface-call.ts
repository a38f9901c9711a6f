import type { Answer, ApiClient, RequestOptions } from './client.ts';
import { FILE, type Operation } from './openapi-samples.ts';
import type { Names, Person } from './surface-people.ts';
import type { Place } from './surface-places.ts';

/** How a body is written. */
export type Encoding = 'json' | 'urlencoded' | 'multipart';

export interface CallOptions extends RequestOptions {
  encoding?: Encoding;
  /** In place of the template's own spelling. */
  spelling?: (path: string) => string;
}

const bytes = Buffer.from(await FILE.arrayBuffer()).toString('base64');
/** A tenth of a second of silence, in base64. */
export const recording = (): string => bytes;

/** The fields of a request of this person, about these things. */
export function fieldsOf(place: Place, me: Person, things: Names = me): Record<string, unknown> {
  const { caller, objects = {}, fields } = place;
  const named = Object.entries(objects).map(([field, kind]) => [
    field,
    field.endsWith('_ids') ? [things[kind]] : things[kind],
  ]);
  return {
    ...(caller && { [caller[0]]: caller[1] === 'id' ? me.id : me.username }),
    ...Object.fromEntries(named),
    ...fields?.(me),
  };
}

/** Calls a route with these fields, each where the route has it. */
export async function callRoute(
  client: ApiClient,
  operation: Operation,
  place: Place,
  fields: Record<string, unknown>,
  { encoding = 'json', spelling = (path) => path, ...options }: CallOptions = {},
): Promise<Answer> {
  const rest = { ...fields };
  const path = operation.template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  const inQuery = operation.method === 'GET' || operation.method === 'DELETE';
  const query = inQuery && Object.keys(rest).length > 0 ? `?${parametersOf(rest).toString()}` : '';
  const body: Body = inQuery ? {} : encode(rest, place.upload, encoding);
  return client.request(operation.method, `${spelling(path)}${query}`, {
    ...{ unchecked: true, ...options, ...body },
    headers: { ...options.headers, ...body.headers },
  });
}

type Body = Pick<RequestOptions, 'body' | 'raw' | 'headers'>;

function encode(fields: Record<string, unknown>, upload: string | undefined, encoding: Encoding): Body {
  if (upload !== undefined || encoding === 'multipart') return { body: formOf(fields, upload) };
  if (encoding === 'json') return { body: fields };
  return {
    raw: parametersOf(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}

function formOf(fields: Record<string, unknown>, upload?: string): FormData {
  const form = new FormData();
  for (const [name, value] of entriesOf(fields)) form.append(name, value);
  if (upload) form.append(upload, new Blob(['Oolong is tea.'], { type: 'text/plain' }), 'tea.txt');
  return form;
}

function parametersOf(fields: Record<string, unknown>): URLSearchParams {
  return new URLSearchParams(entriesOf(fields));
}

function entriesOf(fields: Record<string, unknown>): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value]
      .flat()
      .map((one): [string, string] => [name, typeof one === 'string' ? one : JSON.stringify(one)]),
  );
}
