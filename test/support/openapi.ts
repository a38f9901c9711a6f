import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { checkingSchema, type Schema } from './openapi-schema.ts';

interface Response {
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  operationId?: string;
  responses: Record<string, Response>;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** An event of a stream as clients get it. */
export interface WireEvent {
  /** A number where it is written as one. */
  id: number | string;
  event: string;
  data: unknown;
}

interface Route {
  pattern: RegExp;
  template: string;
  operations: Record<string, Operation>;
}

/** Holds answers to the API's own document: what it does not describe is an error. */
export class OpenApiSpec {
  readonly document: OpenApiDocument;
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly routes: Route[];

  constructor(document: OpenApiDocument) {
    this.document = document;
    ajvFormats.default(this.ajv);
    const { closed, open } = componentSchemas(document);
    this.ajv.addSchema({ $id: 'parley:document', closed, open });
    this.routes = Object.entries(document.paths).map(([template, operations]) =>
      toRoute(template, operations),
    );
    // A fixed path goes before one with parameters.
    this.routes.sort((a, b) => parameterCount(a.template) - parameterCount(b.template));
  }

  /** Reads the document of a running API. */
  static async load(baseUrl: string): Promise<OpenApiSpec> {
    const response = await fetch(`${baseUrl}/docs/openapi.json`);
    if (!response.ok) throw new Error(`GET /docs/openapi.json answered ${response.status}`);
    return new OpenApiSpec((await response.json()) as OpenApiDocument);
  }

  /**
   * Throws where the route, the status or the media type is not in the document, or the body is not as described.
   * @param path with its values, with or without a query
   * @param body parsed JSON, text, or the events of a stream
   */
  validateResponse(
    method: string,
    path: string,
    status: number,
    contentType: string | undefined,
    body: unknown,
  ): void {
    const { template, response } = this.responseOf(method, path, status);
    const what = `${method.toUpperCase()} ${template} ${status}`;
    const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
    const isEmpty = body === undefined || body === '';
    if (!response.content) {
      if (isEmpty) return;
      throw new Error(`${what} has a body, and the document says none: ${excerpt(body)}`);
    }
    const described = response.content[mediaType ?? ''] ?? (mediaType && response.content['*/*']);
    if (!described) {
      const known = Object.keys(response.content).join(', ');
      throw new Error(
        `${what} is ${mediaType ?? 'without a media type'}; the document says ${known}: ${excerpt(body)}`,
      );
    }
    if (mediaType === 'text/event-stream') {
      for (const event of body as WireEvent[]) this.validateEventAgainst(what, described.schema, event);
    } else if (described.schema && !isBinary(described.schema)) {
      this.check(`${what} ${mediaType}`, described.schema, body);
    }
  }

  /** As `validateResponse`, for one event of a stream that is still running. */
  validateEvent(method: string, path: string, status: number, event: WireEvent): void {
    this.validateResponse(method, path, status, 'text/event-stream', [event]);
  }

  private responseOf(method: string, path: string, status: number): { template: string; response: Response } {
    const plain = decodeURI(path.split('?')[0] ?? path).replace(/(?<=.)\/$/, '');
    const matching = this.routes.filter((route) => route.pattern.test(plain));
    const route = matching.find((one) => one.operations[method.toLowerCase()]);
    if (!route) {
      const others = matching.flatMap((one) => Object.keys(one.operations)).join(', ');
      throw new Error(`${method} ${plain} is not in the document${others && `, only ${others}`}`);
    }
    const { responses } = route.operations[method.toLowerCase()]!;
    const response = responses[status] ?? responses[`${String(status)[0]}XX`] ?? responses.default;
    if (!response) {
      const known = Object.keys(responses).join(', ');
      throw new Error(`${method} ${route.template} answered ${status}; the document says ${known}`);
    }
    return { template: route.template, response };
  }

  /** The alternative is chosen by the event's name: a mistake is told of that one, not of all. */
  private validateEventAgainst(
    what: string,
    schema: Schema | undefined,
    { id, event, data }: WireEvent,
  ): void {
    if (!schema) return;
    const alternatives = schema.oneOf ?? schema.anyOf ?? [schema];
    const named = alternatives.filter((one) => eventNames(this.resolve(one)).includes(event));
    if (named.length === 0) {
      const known = alternatives.flatMap((one) => eventNames(this.resolve(one))).join(', ');
      throw new Error(`${what} sent the event ${event}; the document says ${known}`);
    }
    this.check(`${what} event ${event}`, named.length === 1 ? named[0]! : { oneOf: named }, {
      id,
      event,
      data,
    });
  }

  private resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (this.document.components?.schemas?.[name] ?? {});
  }

  private check(what: string, schema: Schema, value: unknown): void {
    const key = JSON.stringify(schema);
    const known = this.validators.get(key);
    const validate = known ?? this.ajv.compile(checkingSchema(schema));
    if (!known) this.validators.set(key, validate);
    if (validate(value)) return;
    const reasons = [...new Set((validate.errors ?? []).map(describe))].join('\n  ');
    throw new Error(`${what} is not as the document says:\n  ${reasons}\n  it was: ${excerpt(value)}`);
  }
}

/** Each schema twice: as it stands alone, and as a part of another one, which has further properties. */
function componentSchemas(document: OpenApiDocument): {
  closed: Record<string, unknown>;
  open: Record<string, unknown>;
} {
  const schemas = Object.entries(document.components?.schemas ?? {});
  const converted = (asPart: boolean) =>
    Object.fromEntries(schemas.map(([name, schema]) => [name, checkingSchema(schema, asPart)]));
  return { closed: converted(false), open: converted(true) };
}

function eventNames(schema: Schema): unknown[] {
  const event = schema.properties?.event;
  if (!event) return [];
  return event.const === undefined ? (event.enum ?? []) : [event.const];
}

function isBinary({ type, format }: Schema): boolean {
  return type === 'string' && format === 'binary';
}

function toRoute(template: string, operations: Record<string, Operation>): Route {
  const source = template
    .split(/\{[^}]+\}/)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]+');
  return { template, operations, pattern: new RegExp(`^${source}$`) };
}

function parameterCount(template: string): number {
  return template.split('{').length;
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const detail = Object.values(params as Record<string, unknown>).map((value) => JSON.stringify(value));
  return `${instancePath || '(body)'} ${message ?? 'is wrong'} (${detail.join(', ')})`;
}

function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text && text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
