import type { FastifyInstance } from 'fastify';
import type { INestApplication } from '@nestjs/common';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { checkingSchema, type Schema } from '../support/openapi-schema.ts';
import type { OpenApiDocument } from '../support/openapi.ts';
import {
  allOperationsOf,
  kindOfProperty,
  type Operation,
  operationsOf,
  resolveSchema,
  sampleBody,
} from '../support/openapi-samples.ts';

/** What nobody needs a login for. Whatever else is public is so by mistake. */
const PUBLIC = [
  'GET /health/live',
  'GET /health/ready',
  'POST /api/v1/auth/register',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

describe('the API’s document', () => {
  let app: INestApplication;
  let document: OpenApiDocument;
  let operations: Operation[];
  const routes: string[] = [];

  beforeAll(async () => {
    // What is built, and not the sources: the document is made by the Nest CLI's plugin.
    const { createApp } = await import('../../dist/src/app.setup.js' as string);
    const { loadEnv } = await import('../../dist/src/config/env.js' as string);
    const env = loadEnv({ DATA_DIR: temporaryFolder('data'), NODE_ENV: 'test' });
    app = await createApp(env, (fastify: FastifyInstance) => {
      fastify.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) routes.push(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
      });
    });
    await app.init();
    const answer = await (app as any).inject({ url: '/docs/openapi.json' });
    document = answer.json();
    operations = operationsOf(document);
  });

  afterAll(() => app?.close());

  /** Names whatever breaks a rule. */
  function breaking<T extends { name: string }>(things: T[], isRight: (thing: T) => boolean): string[] {
    return things.filter((thing) => !isRight(thing)).map(({ name }) => name);
  }

  /** Every property of every schema, and every parameter. */
  function properties(): { name: string; schema: Schema; parent: string }[] {
    return Object.entries(document.components?.schemas ?? {}).flatMap(([parent, schema]) =>
      Object.entries(schema.properties ?? {}).map(([name, property]) => ({
        ...{ name: `${parent}.${name}`, parent },
        schema: property,
      })),
    );
  }

  function parameters(): { name: string; parameter: Operation['parameters'][number] }[] {
    return operations.flatMap(({ name, parameters: all }) =>
      all.map((parameter) => ({ name: `${name} ${parameter.name}`, parameter })),
    );
  }

  it('is valid OpenAPI 3', async () => {
    const { valid, errors } = await new Validator().validate(document as never);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('has every route of the router, and no other', () => {
    const served = routes
      .filter((route) => METHODS.includes(route.split(' ')[0]!))
      .filter((route) => !/ \/docs(\/|$)/.test(route))
      .map((route) => route.replace(/(?<=.)\/$/, ''));
    expect(served.length).toBeGreaterThan(25);
    const described = allOperationsOf(document).map(({ name }) => name);
    expect(described.toSorted()).toEqual([...new Set(served)].toSorted());
  });

  it('says of every operation what it does, and where it belongs', () => {
    expect(breaking(operations, ({ summary }) => /^[A-Z].{8,}[^.]$/.test(summary ?? ''))).toEqual([]);
    expect(breaking(operations, ({ tags }) => tags.length === 1)).toEqual([]);
    const ids = operations.map(
      ({ template, method }) => document.paths[template]![method.toLowerCase()]!.operationId,
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of every operation what it answers', () => {
    const isDescribed = ({ responses }: Operation): boolean => {
      const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      return (
        successes.length > 0 &&
        successes.every(
          ([status, { content }]) =>
            status === '204' || Object.values(content ?? {}).some(({ schema }) => schema !== undefined),
        )
      );
    };
    expect(breaking(operations, isDescribed)).toEqual([]);
  });

  it('says of every operation that errors are problems', () => {
    const isProblem = (response: Operation['responses'][string]): boolean => {
      const { schema } = response.content?.['application/problem+json'] ?? {};
      return schema?.$ref === '#/components/schemas/ProblemDto';
    };
    expect(
      breaking(
        operations,
        ({ responses }) => responses['default'] !== undefined && isProblem(responses['default']),
      ),
    ).toEqual([]);
    const errors = operations.flatMap(({ name, responses }) =>
      Object.entries(responses)
        .filter(([status]) => /^4|default/.test(status))
        .map(([status, response]) => ({ name: `${name} ${status}`, response })),
    );
    expect(breaking(errors, ({ response }) => isProblem(response))).toEqual([]);
  });

  it('says which headers tell of limits, of every answer under them', () => {
    const named = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];
    const answers = operations.flatMap(({ name, template, method }) =>
      Object.entries(document.paths[template]![method.toLowerCase()]!.responses).map(
        ([status, response]) => ({
          name: `${name} ${status}`,
          isLimited: !template.startsWith('/health/'),
          headers: Object.keys((response as { headers?: object }).headers ?? {}),
        }),
      ),
    );
    const isRight = ({ isLimited, headers }: (typeof answers)[number]): boolean =>
      named.every((header) => headers.includes(header) === isLimited);
    expect(breaking(answers, isRight)).toEqual([]);
    const limited = operations.filter(({ template }) => !template.startsWith('/health/'));
    expect(breaking(limited, ({ responses }) => responses['429'] !== undefined)).toEqual([]);
  });

  it('says which operations need a login, and how one shows it', () => {
    const open = operations.filter(({ security }) => !security).map(({ name }) => name);
    expect(open.toSorted()).toEqual(PUBLIC.toSorted());
    const secured = operations.filter(({ security }) => security);
    const login = '{"access-token":[]},{"session-cookie":[]}';
    const ways = [`[${login}]`, `[${login},{"api-key":[]}]`];
    expect(breaking(secured, ({ security }) => ways.includes(JSON.stringify(security)))).toEqual([]);
    // What an API key may do, and with which scope; api-key-scopes.spec.ts holds the guard to it.
    const isForKeys = ({ security }: Operation): boolean => JSON.stringify(security) === ways[1];
    const scopeOf = ({ template, method }: Operation): unknown =>
      (document.paths[template]![method.toLowerCase()] as unknown as Record<string, unknown>)[
        'x-required-scope'
      ];
    expect(breaking(operations, (one) => (scopeOf(one) !== undefined) === isForKeys(one))).toEqual([]);
    expect(breaking(secured, ({ responses }) => responses['403'] !== undefined)).toEqual([]);
    expect(breaking(secured, ({ responses }) => responses['401'] !== undefined)).toEqual([]);
  });

  it('has 404 where there is an id, and 400 where there is input', () => {
    const withId = operations.filter(({ template }) => template.includes('{'));
    expect(breaking(withId, ({ responses }) => responses['404'] !== undefined)).toEqual([]);
    const withInput = operations.filter(({ body, parameters: all }) => body !== undefined || all.length > 0);
    expect(breaking(withInput, ({ responses }) => responses['400'] !== undefined)).toEqual([]);
  });

  it('declares what stands in the paths, as whole numbers', () => {
    for (const { template, parameters: all } of operations) {
      const inPath = all.filter(({ in: place }) => place === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(template.match(/\{[^}]+\}/g) ?? []);
      for (const { schema, required } of inPath) expect([schema?.type, required]).toEqual(['integer', true]);
    }
  });

  it('does not require what has a default', () => {
    const optional = parameters().filter(({ parameter }) => parameter.schema?.['default'] !== undefined);
    expect(optional.length).toBeGreaterThan(5);
    expect(breaking(optional, ({ parameter }) => parameter.required !== true)).toEqual([]);
  });

  it('calls whole numbers so', () => {
    const whole = /^(limit|count|after)$/;
    const numbers = parameters().filter(
      // A place in three streams is no number: it has a pattern of its own.
      ({ parameter: { name, schema = {} } }) =>
        (whole.test(name) && schema.pattern === undefined) ||
        kindOfProperty(name, schema.type ? schema : { type: 'integer' }) !== undefined,
    );
    expect(breaking(numbers, ({ parameter }) => parameter.schema?.type === 'integer')).toEqual([]);
    const ids = properties().filter(({ name }) => /\.(id|\w+Id|seq|status)$/.test(name));
    const isWhole = ({ schema }: { schema: Schema }): boolean => schema.type !== 'number';
    expect(breaking(ids, isWhole)).toEqual([]);
  });

  it('describes every parameter', () => {
    const others = parameters().filter(({ parameter }) => parameter.in !== 'path');
    expect(breaking(others, ({ parameter }) => (parameter.description ?? '').length > 8)).toEqual([]);
  });

  it('shows or describes every property', () => {
    expect(properties().length).toBeGreaterThan(80);
    const isShown = ({ schema }: { schema: Schema }): boolean => {
      const { type, format, items } = schema;
      const resolved = resolveSchema(document, schema);
      return (
        schema.example !== undefined ||
        resolved.enum !== undefined ||
        resolved.properties !== undefined ||
        type === 'boolean' ||
        format === 'date-time' ||
        format === 'binary' ||
        (type === 'array' && (items?.$ref !== undefined || items?.format === 'binary')) ||
        // An example of null cannot be told from none.
        schema.nullable === true
      );
    };
    expect(breaking(properties(), isShown)).toEqual([]);
    const isTyped = ({ schema }: { schema: Schema }): boolean => {
      const { type, allOf, oneOf, anyOf, $ref } = schema;
      return type !== undefined || $ref !== undefined || (allOf ?? oneOf ?? anyOf) !== undefined;
    };
    expect(breaking(properties(), isTyped)).toEqual([]);
  });

  it('shows examples that are what it says of them', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
    ajvFormats.default(ajv);
    const all = [
      ...properties(),
      ...parameters().map(({ name, parameter }) => ({ name, schema: parameter.schema ?? {} })),
    ].filter(({ schema }) => schema.example !== undefined && !schema.allOf && !schema.$ref);
    expect(all.length).toBeGreaterThan(50);
    expect(breaking(all, ({ schema }) => ajv.validate(checkingSchema(schema), schema.example))).toEqual([]);
  });

  it('shows an example of every body', () => {
    const withBody = operations.filter(({ body }) => body);
    for (const operation of withBody) expect(Object.keys(sampleBody(document, operation)!)).not.toEqual([]);
    expect(breaking(withBody, ({ body }) => body!.type === 'object')).toEqual([]);
    // Every text that comes in has an end.
    const texts = withBody.flatMap(({ name, body }) =>
      Object.entries(body!.properties ?? {}).map(([property, schema]) => ({
        name: `${name} ${property}`,
        schema,
      })),
    );
    const isBounded = ({ schema }: { schema: Schema }): boolean =>
      schema.type !== 'string' ||
      schema.enum !== undefined ||
      schema['maxLength'] !== undefined ||
      schema.format === 'binary';
    expect(breaking(texts, isBounded)).toEqual([]);
  });
});
