import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { accessNeeded, type ApiScope, SCOPE_EXTENSION } from './common/api-scopes.js';
import { PUBLIC_EXTENSION } from './common/current-user.js';
import { ProblemDto } from './common/problem.dto.js';
import type { LegacySurface } from './config/legacy-env.js';
import { describeForms, isOfSurface, SURFACE_NOTE } from './legacy/surface-document.js';

/** What generated clients call an operation: `conversationsSend`. */
const operationIdFactory = (controller: string, method: string) =>
  controller.replace(/Controller$/, '').replace(/^./, (first) => first.toLowerCase()) +
  method.replace(/^./, (first) => first.toUpperCase());

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

type Response = Extract<Operation['responses'][string], { description: string }>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const WHOLE =
  /^(id|seq|replyTo|status|expiresIn|limit|count|imported|skipped|version|days|used|remaining|requests|input|output|total|estimated|reserved|turns.+|.+Ids?|.+Tokens)$/;

const whole = (description: string, example: number) => ({
  description,
  schema: { type: 'integer' as const, minimum: 0 },
  example,
});

/** Of answers under the general limits. */
const RATE_HEADERS = {
  'RateLimit-Limit': whole(
    'Of the tightest limit that was applied to this request: how many it allows.',
    600,
  ),
  'RateLimit-Remaining': whole('How many of them are left.', 598),
  'RateLimit-Reset': whole('Seconds until the limit is new again.', 42),
};

const PROBLEM = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
};

const TOO_MANY = {
  description:
    'Too much: `rate_limited`, `too_many_attempts`, `too_many_turns` or `quota_exceeded`; `Retry-After` says when to ' +
    'try again.',
  ...PROBLEM,
  headers: { 'Retry-After': whole('Seconds until it is worth trying again.', 42) },
};

/**
 * Swagger UI at /docs, its document at /docs/openapi.json.
 * @param surfaces of older backends that are mounted
 */
export function setUpSwagger(app: NestFastifyApplication, surfaces: readonly LegacySurface[]): void {
  const builder = new DocumentBuilder()
    .setTitle('Parley')
    .setDescription(
      'Chatbots that people type and talk to. Errors are problem details (RFC 9457) with a stable `code`; texts come in ' +
        'English or Chinese by `Accept-Language`. Log in with POST auth/login, then use the access token, or let the ' +
        'browser send the session cookie. Machines use an API key (POST users/me/api-keys) in the place of the token: ' +
        '`x-required-scope` says which scope an operation needs; what has none is not for keys.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'access-token')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'parley_…' }, 'api-key')
    .addCookieAuth('parley_session', { type: 'apiKey', in: 'cookie' }, 'session-cookie');
  for (const surface of surfaces) builder.addTag(`legacy: ${surface}`, SURFACE_NOTE);
  const config = builder.build();
  const options = { extraModels: [ProblemDto], operationIdFactory };
  const document = () =>
    withRateLimits(
      withIntegers(withKeys(withProblems(withSurfaces(SwaggerModule.createDocument(app, config, options))))),
    );
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
    customSiteTitle: 'Parley API',
  });
}

/** Public operations need no login, also where others of their controller do; surfaces take forms. */
function withSurfaces(document: OpenAPIObject): OpenAPIObject {
  for (const operation of operationsOf(document) as (Operation & { [PUBLIC_EXTENSION]?: boolean })[]) {
    if (operation[PUBLIC_EXTENSION]) delete operation.security;
    delete operation[PUBLIC_EXTENSION];
    describeForms(operation);
  }
  // Tags that are declared come first: the API's own are, too.
  const known = document.tags ?? [];
  const tags = operationsOf(document).flatMap((operation) =>
    isOfSurface(operation) ? [] : (operation.tags ?? []),
  );
  document.tags = [...[...new Set(tags)].map((name) => ({ name })), ...known];
  return document;
}

/** Says of every route which errors it can answer with, and that the cookie serves where the token does. */
function withProblems(document: OpenAPIObject): OpenAPIObject {
  for (const operation of operationsOf(document)) describeErrors(operation);
  return document;
}

/** Says of every operation whether API keys may call it, and which scope they need; by the guard's own rule. */
function withKeys(document: OpenAPIObject): OpenAPIObject {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as (Operation & { [SCOPE_EXTENSION]?: ApiScope }) | undefined;
      if (!operation?.security || isOfSurface(operation)) continue;
      const needed = accessNeeded(method, path, operation[SCOPE_EXTENSION]);
      const isForKeys = needed !== 'session';
      if (isForKeys) {
        operation[SCOPE_EXTENSION] = needed;
        operation.security = [...operation.security, { 'api-key': [] }];
      }
      operation.responses['403'] ??= {
        description: isForKeys
          ? `Not with this API key: \`insufficient_scope\`, it needs \`${needed}\`; or \`cross_site_request\`.`
          : 'Not with an API key: `session_required`; or `cross_site_request`.',
        ...PROBLEM,
      };
    }
  }
  return document;
}

/** Says of every route under the general limits that it has them, and of every answer which headers tell of them. */
function withRateLimits(document: OpenAPIObject): OpenAPIObject {
  document.components = { ...document.components, headers: RATE_HEADERS };
  const names = Object.keys(RATE_HEADERS);
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  const limited = operationsOf(document, (path) => !path.startsWith('/health'));
  for (const operation of limited) {
    const { responses } = operation;
    if (!isOfSurface(operation)) responses['429'] ??= TOO_MANY;
    for (const [status, response] of Object.entries(responses) as [string, Response][])
      responses[status] = { ...response, headers: { ...response.headers, ...headers } };
  }
  return document;
}

/** Ids and counts are whole numbers, but for seconds; the plugin knows only that they are numbers. */
function withIntegers(document: OpenAPIObject): OpenAPIObject {
  const fix = (name: string, schema: unknown): void => {
    const typed = schema as { type?: string; items?: unknown; example?: unknown } | undefined;
    if (typed?.type === 'array') return fix(name, typed.items);
    const isShownInParts = typeof typed?.example === 'number' && !Number.isInteger(typed.example);
    if (typed?.type === 'number' && WHOLE.test(name) && !isShownInParts) typed.type = 'integer';
  };
  for (const schema of Object.values(document.components?.schemas ?? {})) {
    for (const [name, property] of Object.entries('properties' in schema ? (schema.properties ?? {}) : {}))
      fix(name, property);
  }
  for (const operation of operationsOf(document)) {
    for (const parameter of operation.parameters ?? [])
      if ('schema' in parameter) fix(parameter.name, parameter.schema);
  }
  return document;
}

function operationsOf(document: OpenAPIObject, has = (_path: string) => true): Operation[] {
  return Object.entries(document.paths)
    .filter(([path]) => has(path))
    .flatMap(([, item]) => METHODS.flatMap((method) => item[method] ?? []));
}

/** The cookie serves where the token does. A new list: Nest gives all operations of a controller the same one. */
function securedByCookie(operation: Operation): void {
  if (operation.security) operation.security = [...operation.security, { 'session-cookie': [] }];
}

function describeErrors(operation: Operation): void {
  const add = (status: string, description: string) => {
    operation.responses[status] ??= { description, ...PROBLEM };
  };
  for (const response of Object.values(operation.responses)) {
    if (response && 'description' in response) response.description ||= 'Success.';
  }
  if (isOfSurface(operation)) return securedByCookie(operation);
  const takesInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0;
  if (takesInput) add('400', 'The input is not valid: `invalid_input` with `errors`, or `malformed_json`.');
  if (operation.security) {
    securedByCookie(operation);
    add('401', 'Not logged in: `unauthenticated`.');
  }
  if (operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'path')) {
    add('404', 'No such object, or not the caller’s: `not_found`.');
  }
  add('default', 'Any other error, as problem details; `code` says which.');
}
