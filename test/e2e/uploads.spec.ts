import { describe, expect, it } from 'vitest';
import { badValues } from '../support/bad-values.ts';
import { type Belongings, idsOf, makeBelongings } from '../support/belongings.ts';
import type { Answer, ApiClient } from '../support/client.ts';
import {
  bodyProperties,
  encodeBody,
  FILE,
  fillPath,
  kindOfPath,
  type Operation,
  operationsOf,
} from '../support/openapi-samples.ts';
import { useApi } from '../support/suite.ts';
import { countRows } from '../support/tables.ts';

const FORM = 'multipart/form-data';
/** Neither sound nor picture nor document. */
const DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"/>';

interface FilePart {
  part: string;
  maxFiles: number;
}

/** What is said to every route that takes a file; how forms are read is tested at src/files/upload.spec.ts. */
describe('a bad upload', () => {
  const ctx = useApi({ whisper: true });

  const operations = (): Operation[] =>
    operationsOf(ctx.spec.document).filter(({ mediaType }) => mediaType === FORM);

  const pathFor = ({ template, name }: Operation, own: Belongings) =>
    template.includes('{') ? fillPath(template, idsOf(own, kindOfPath(template), name)[0]!) : template;

  const takesJson = ({ template, method }: Operation) => {
    const raw = ctx.spec.document.paths[template]![method.toLowerCase()] as unknown as {
      requestBody: { content: object };
    };
    return 'application/json' in raw.requestBody.content;
  };

  /** Sends what `cases` makes to every route; each is refused as it says, and nothing comes of it. */
  async function expectRefusals(
    cases: (operation: Operation) => { what: string; body: unknown; refusal: RegExp; field?: string }[],
  ): Promise<void> {
    const client = await ctx.register();
    const own = await makeBelongings(client, ctx);
    const rows = await countRows(ctx);
    const wrong: string[] = [];
    for (const operation of operations()) {
      for (const { what, body, refusal, field } of cases(operation)) {
        const answer = await client.request(operation.method, pathFor(operation, own), { body });
        const got = `${answer.status} ${answer.body?.code} ${answer.body?.errors?.[0]?.field ?? ''}`.trim();
        const isRight = refusal.test(got) && (field === undefined || got.endsWith(` ${field}`));
        if (!isRight) wrong.push(`${operation.name} with ${what}: ${got}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await countRows(ctx)).toEqual(rows);
    expect(await ctx.query('SELECT * FROM blob_removals')).toEqual([]);
  }

  /** What the part is called that is a file, and how often it may come. */
  function fileOf(operation: Operation): FilePart {
    const properties = bodyProperties(ctx.spec.document, operation);
    const [part, schema] = properties.find(
      ([, { format, items }]) => (items ?? { format }).format === 'binary',
    )!;
    return { part, maxFiles: schema.type === 'array' ? 10 : 1 };
  }

  const INVALID = /^400 invalid_input /;

  it('without what is a file is refused, and one with several', () =>
    expectRefusals((operation) => [
      ...((operation.body!['required'] as string[] | undefined) ?? []).map((name) => ({
        ...{ what: `no ${name}`, body: new FormData(), refusal: INVALID, field: name },
      })),
      ...badFiles(fileOf(operation)),
    ]));

  /** What no route takes as its file, or files. */
  function badFiles({ part, maxFiles }: FilePart) {
    const many = Array.from({ length: maxFiles + 1 }, (): [string, Blob] => [part, FILE]);
    return [
      { what: 'a text', body: form([part, 'text']), refusal: INVALID, field: part },
      { what: 'too many files', body: form(...many), refusal: INVALID, field: part },
      { what: 'another name', body: form(['other', FILE]), refusal: INVALID, field: 'other' },
      { what: 'an empty file', body: form([part, new Blob([])]), refusal: /^422 file_empty/ },
      { what: 'a drawing', body: form([part, new Blob([DRAWING])]), refusal: /^4\d\d \w+/ },
    ];
  }

  it('with fields that are wrong or not known is refused by their names', () =>
    expectRefusals((operation) => [
      ...['nonsense', 'ownerId', 'id', '中文', '$where'].map((name) => ({
        ...{
          what: `an unknown ${name}`,
          body: form([name, '1'], [fileOf(operation).part, FILE]),
          refusal: INVALID,
          field: name,
        },
      })),
      ...textProperties(operation).flatMap(([name, value]) => ({
        ...{
          what: `${name} ${value.slice(0, 40)}`,
          body: form([fileOf(operation).part, FILE], [name, value]),
        },
        ...{ refusal: INVALID, field: name },
      })),
    ]));

  it('of another media type is refused', async () => {
    const client = await ctx.register();
    const own = await makeBelongings(client, ctx);
    const wrong: string[] = [];
    for (const operation of operations()) {
      const types = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'audio/wav',
        'multipart/mixed; boundary=x',
      ];
      for (const type of takesJson(operation) ? types : [...types, 'application/json']) {
        const answer = await send(client, pathFor(operation, own), operation, type);
        if (answer.status !== 415) wrong.push(`${operation.name} as ${type}: ${answer.status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is not read for who is not logged in', async () => {
    const client = await ctx.register();
    const own = await makeBelongings(client, ctx);
    for (const operation of operations()) {
      const body = encodeBody(operation, { file: FILE });
      const answer = await client.request(operation.method, pathFor(operation, own), { body, token: null });
      expect([operation.name, answer.status]).toEqual([operation.name, 401]);
    }
    expect(await ctx.query('SELECT * FROM blob_removals')).toEqual([]);
  });

  /** Values as a form has them: text. */
  function textProperties(operation: Operation): [string, string][] {
    return bodyProperties(ctx.spec.document, operation)
      .filter(([name]) => name !== fileOf(operation).part)
      .flatMap(([name, schema]) => {
        const isText = schema.type === 'string';
        const values = badValues(schema)
          .map(({ value }) => value)
          .filter((value) => (isText ? typeof value === 'string' : typeof value === 'number'));
        const others = isText ? ['a\0b'] : ['nonsense', 'NaN'];
        return [...values.map(String), ...others].map((value): [string, string] => [name, value]);
      });
  }
});

function form(...parts: [name: string, value: string | Blob][]): FormData {
  const body = new FormData();
  for (const [name, value] of parts)
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, value, 'sample.wav');
  return body;
}

function send(client: ApiClient, path: string, { method }: Operation, type: string): Promise<Answer> {
  return client.request(method, path, { raw: '{}', headers: { 'Content-Type': type } });
}
