import type { OpenApiDocument } from './openapi.ts';
import type { Schema } from './openapi-schema.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Content {
  schema?: Schema;
}

/** One method of one path, with its references followed. */
export interface Operation {
  method: string;
  template: string;
  /** `PATCH /api/v1/chatbots/{id}`, for messages. */
  name: string;
  summary: string | undefined;
  tags: string[];
  security: Record<string, unknown>[] | undefined;
  parameters: Parameter[];
  responses: Record<string, { description?: string; content?: Record<string, Content> }>;
  /** The body's schema, JSON or a form; undefined where the operation takes none. */
  body: Schema | undefined;
  mediaType: string | undefined;
  isBodyRequired: boolean;
  /** The surface of an older backend that it belongs to; undefined: the API itself. */
  surface: string | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Every operation of the API itself. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return allOperationsOf(document).filter(({ surface }) => surface === undefined);
}

/** Every operation of the surfaces of older backends. */
export function surfaceOperationsOf(document: OpenApiDocument): Operation[] {
  return allOperationsOf(document).filter(({ surface }) => surface !== undefined);
}

/** Every operation that the document describes. */
export function allOperationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([template, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operation(document, template, method)),
  );
}

function operation(document: OpenApiDocument, template: string, method: string): Operation {
  const raw = document.paths[template]![method] as any;
  const [mediaType, content] = Object.entries<Content>(raw.requestBody?.content ?? {})[0] ?? [];
  return {
    method: method.toUpperCase(),
    template,
    name: `${method.toUpperCase()} ${template}`,
    summary: raw.summary,
    tags: raw.tags ?? [],
    security: raw.security,
    parameters: raw.parameters ?? [],
    responses: raw.responses,
    body: content?.schema && resolveSchema(document, content.schema),
    mediaType,
    isBodyRequired: raw.requestBody?.required === true,
    surface: raw['x-compatibility-surface'],
  };
}

/** Follows a reference, also through an `allOf` of one. */
export function resolveSchema(document: OpenApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolveSchema(document, document.components?.schemas?.[name] ?? {});
  if (schema.allOf?.length === 1 && !schema.properties)
    return { ...resolveSchema(document, schema.allOf[0]!), ...(schema.nullable && { nullable: true }) };
  return schema;
}

/** The properties that a body can have, each with its references followed. */
export function bodyProperties(
  document: OpenApiDocument,
  { body }: Pick<Operation, 'body'>,
): [string, Schema][] {
  return Object.entries(body?.properties ?? {}).map(([name, schema]) => [
    name,
    resolveSchema(document, schema),
  ]);
}

/** A value as the document itself shows it. Throws where it shows none. */
export function sampleOf(document: OpenApiDocument, given: Schema, what: string): unknown {
  const schema = resolveSchema(document, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'array')
    return isBinary(schema.items) ? [FILE] : [sampleOf(document, schema.items ?? {}, what)];
  if (isBinary(schema)) return FILE;
  if (!schema.properties) throw new Error(`${what} has no example in the document`);
  const properties = Object.entries(schema.properties);
  return Object.fromEntries(
    properties.map(([name, one]) => [name, sampleOf(document, one, `${what}.${name}`)]),
  );
}

/** A tenth of a second of silence: a sound that can be decoded. Where a route takes files, it takes this one. */
export const FILE = new Blob([wavHeader(3_200), Buffer.alloc(3_200)], { type: 'audio/wav' });

/** Of 16 kHz, one channel, 16 bits. */
function wavHeader(bytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  for (const [offset, value] of [
    [16, 16],
    [24, 16_000],
    [28, 32_000],
    [40, bytes],
  ] as const)
    header.writeUInt32LE(value, offset);
  for (const [offset, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    header.writeUInt16LE(value, offset);
  header.write('data', 36);
  return header;
}

function isBinary(schema: Schema | undefined): boolean {
  return schema?.type === 'string' && schema.format === 'binary';
}

/** A body as the document shows it, with some values in place of its own; undefined where there is none. */
export function sampleBody(
  document: OpenApiDocument,
  one: Operation,
  values: Record<string, unknown> = {},
): Record<string, unknown> | undefined {
  if (!one.body) return undefined;
  const sample = { ...(sampleOf(document, one.body, one.name) as Record<string, unknown>), ...values };
  // A file is sent, or one is named that is stored already.
  if ('fileId' in sample) delete sample['file'];
  return sample;
}

/** The body in the form that the operation reads. */
export function encodeBody(one: Operation, body: Record<string, unknown> | undefined): unknown {
  if (!body || !one.mediaType?.startsWith('multipart/')) return body;
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    for (const item of [value].flat()) {
      if (item instanceof Blob) form.append(name, item, 'sample.wav');
      else form.append(name, String(item));
    }
  }
  return form;
}

/** The kind of a path's object: `conversations` of `/api/v1/conversations/{id}/messages`. */
export function kindOfPath(template: string): string {
  const segment = /([^/]+)\/\{[^}]+\}/.exec(template)?.[1];
  if (!segment) throw new Error(`${template} has no parameter`);
  return segment;
}

/** What is done to some objects of a kind only. */
const KINDS_OF_OPERATIONS: Record<string, string> = { 'PATCH /api/v1/messages/{id}': 'records' };

/** The kind of the object in an operation's path that it works on. */
export function kindOfOperation({ name, template }: Pick<Operation, 'name' | 'template'>): string {
  return KINDS_OF_OPERATIONS[name] ?? kindOfPath(template);
}

/** Properties that name an object, and do not say so in their name. */
const KINDS: Record<string, string> = { replyTo: 'messages', fileIds: 'documents' };

/** The kind that a property names by id: `chatbots` of `chatbotId`, `documents` of `fileIds`; undefined for others. */
export function kindOfProperty(name: string, schema: Schema): string | undefined {
  if (Object.hasOwn(KINDS, name)) return KINDS[name];
  const stem = /^(.+)Ids?$/.exec(name)?.[1];
  const type = schema.type === 'array' ? schema.items?.type : schema.type;
  return stem && (type === 'integer' || type === 'number') ? `${stem}s` : undefined;
}

/** A path of a template, with this id; whatever else stands in it is counted from 0. */
export function fillPath(template: string, id: string | number): string {
  return template.replace(/\{[^}]+\}/, () => String(id)).replaceAll(/\{[^}]+\}/g, '0');
}
