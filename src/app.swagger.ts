import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from './common/problem.dto.js';

/** What generated clients call an operation: `conversationsSend`. */
const operationIdFactory = (controller: string, method: string) =>
  controller.replace(/Controller$/, '').replace(/^./, (first) => first.toLowerCase()) +
  method.replace(/^./, (first) => first.toUpperCase());

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const WHOLE = /^(id|seq|replyTo|status|expiresIn|limit|count|.+Id|.+Tokens)$/;

const PROBLEM = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
};

/** Swagger UI at /docs, its document at /docs/openapi.json. */
export function setUpSwagger(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Parley')
    .setDescription(
      'Chatbots that people type and talk to. Errors are problem details (RFC 9457) with a stable `code`; texts come in ' +
        'English or Chinese by `Accept-Language`. Log in with POST auth/login, then use the access token, or let the ' +
        'browser send the session cookie.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'access-token')
    .addCookieAuth('parley_session', { type: 'apiKey', in: 'cookie' }, 'session-cookie')
    .build();
  const document = () =>
    withIntegers(
      withProblems(
        SwaggerModule.createDocument(app, config, { extraModels: [ProblemDto], operationIdFactory }),
      ),
    );
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
    customSiteTitle: 'Parley API',
  });
}

/** Says of every route which errors it can answer with, and that the cookie serves where the token does. */
function withProblems(document: OpenAPIObject): OpenAPIObject {
  for (const operation of operationsOf(document)) describeErrors(operation);
  return document;
}

/** Ids and counts are whole numbers; the plugin knows only that they are numbers. */
function withIntegers(document: OpenAPIObject): OpenAPIObject {
  const fix = (name: string, schema: unknown) => {
    const typed = schema as { type?: string } | undefined;
    if (typed?.type === 'number' && WHOLE.test(name)) typed.type = 'integer';
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

function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []));
}

function describeErrors(operation: Operation): void {
  const add = (status: string, description: string) => {
    operation.responses[status] ??= { description, ...PROBLEM };
  };
  for (const response of Object.values(operation.responses)) {
    if (response && 'description' in response) response.description ||= 'Success.';
  }
  const takesInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0;
  if (takesInput) add('400', 'The input is not valid: `invalid_input` with `errors`, or `malformed_json`.');
  if (operation.security) {
    // A new list: Nest gives all operations of a controller the same one.
    operation.security = [...operation.security, { 'session-cookie': [] }];
    add('401', 'Not logged in: `unauthenticated`.');
  }
  if (operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'path')) {
    add('404', 'No such object, or not the caller’s: `not_found`.');
  }
  add('default', 'Any other error, as problem details; `code` says which.');
}
