import { describe, expect, it } from 'vitest';
import { OpenApiSpec } from './openapi.ts';
import type { Schema } from './openapi-schema.ts';

const json = (schema: Schema) => ({ content: { 'application/json': { schema } } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const spec = new OpenApiSpec({
  paths: {
    '/things/{id}': {
      get: {
        responses: {
          200: json(ref('Thing')),
          default: { content: { 'application/problem+json': { schema: ref('Problem') } } },
        },
      },
      delete: { responses: { 204: {} } },
    },
    '/things/odd': { get: { responses: { 200: json({ type: 'array', items: ref('Odd') }) } } },
    '/things/{id}/events': {
      get: {
        responses: {
          200: { content: { 'text/event-stream': { schema: { oneOf: [ref('Began'), ref('Ended')] } } } },
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        required: ['id', 'at', 'maker'],
        properties: {
          id: { type: 'integer' },
          at: { type: 'string', format: 'date-time' },
          kind: { type: 'string', enum: ['a', 'b'], nullable: true },
          maker: { nullable: true, allOf: [ref('Maker')] },
          free: { type: 'object' },
        },
      },
      Maker: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      Odd: { allOf: [ref('Maker'), { type: 'object', properties: { odd: { type: 'boolean' } } }] },
      Problem: { type: 'object', required: ['code'], properties: { code: { type: 'string' } } },
      Began: event('began', { type: 'object', properties: {} }),
      Ended: event('ended', ref('Thing')),
    },
  },
});

function event(name: string, data: Schema) {
  const properties = { id: { type: 'integer' }, event: { type: 'string', enum: [name] }, data };
  return { type: 'object', required: ['id', 'event', 'data'], properties };
}

const THING = { id: 1, at: '2026-11-21T08:30:00.000Z', maker: { name: 'Maker' } };

const check = (
  body: unknown,
  { method = 'GET', path = '/things/1?x=1', status = 200, type = 'application/json' } = {},
) => spec.validateResponse(method, path, status, `${type}; charset=utf-8`, body);

describe('OpenApiSpec', () => {
  it.each([THING, { ...THING, kind: 'a', free: { any: [1] } }, { ...THING, kind: null, maker: null }])(
    'takes what is described: %j',
    (body) => {
      expect(() => check(body)).not.toThrow();
    },
  );

  it.each([
    ['a property that is not described', { ...THING, more: 1 }, /unevaluated/],
    ['one in a nested object', { ...THING, maker: { name: 'Maker', secret: 1 } }, /maker/],
    ['a missing property', { id: 1, maker: null }, /'at'/],
    ['a wrong type', { ...THING, id: '1' }, /\/id must be integer/],
    ['null where nothing says so', { ...THING, id: null }, /\/id/],
    ['a wrong format', { ...THING, at: 'today' }, /date-time/],
    ['an unknown value', { ...THING, kind: 'c' }, /kind/],
    ['no body', undefined, /must be object/],
  ])('refuses %s', (_what, body, message) => {
    expect(() => check(body)).toThrow(message);
  });

  it('joins the parts of allOf before it refuses what is left', () => {
    const path = '/things/odd';
    expect(() => check([{ name: 'Maker', odd: true }], { path })).not.toThrow();
    expect(() => check([{ name: 'Maker', even: true }], { path })).toThrow('even');
  });

  it('refuses a route, a method, a status and a media type that are not described', () => {
    expect(() => check({}, { path: '/nowhere' })).toThrow('GET /nowhere is not in the document');
    expect(() => check({}, { method: 'PUT' })).toThrow('only get, delete');
    expect(() => check(undefined, { method: 'DELETE', status: 200 })).toThrow('the document says 204');
    expect(() => check('text', { type: 'text/plain' })).toThrow('text/plain');
    expect(() => check('text', { method: 'DELETE', status: 204 })).toThrow('says none');
  });

  it('knows other statuses by default', () => {
    expect(() => check({ code: 'x' }, { status: 418, type: 'application/problem+json' })).not.toThrow();
    expect(() => check({ code: 1 }, { status: 418, type: 'application/problem+json' })).toThrow('/code');
  });

  it('holds each event of a stream to the schema of its name', () => {
    const events = (...list: unknown[]) =>
      check(list, { path: '/things/1/events', type: 'text/event-stream' });
    expect(() =>
      events({ id: 1, event: 'began', data: {} }, { id: 2, event: 'ended', data: THING }),
    ).not.toThrow();
    expect(() => events({ id: 1, event: 'ended', data: {} })).toThrow('data');
    expect(() => events({ id: Number.NaN, event: 'began', data: {} })).toThrow('/id');
    expect(() => events({ id: 1, event: 'message', data: {} })).toThrow('the document says began, ended');
  });
});
