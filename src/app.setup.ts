import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import { type INestApplication, Logger, RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppModule } from './app.module.js';
import { setUpSwagger } from './app.swagger.js';
import { acceptLongBodies } from './common/body-limit.js';
import { AppError } from './common/errors.js';
import { JsonLogger } from './common/json-logger.js';
import { ProblemFilter, sendProblem } from './common/problem.filter.js';
import { writeRateLimitHeaders } from './common/rate-limits.js';
import { languageOf, requestContext, requestIdOf } from './common/request-context.js';
import { InputPipe } from './common/input.pipe.js';
import type { Env } from './config/env.js';
import { classifyDatabaseFailure } from './database/failures.js';
import { classifyStorageFailure } from './files/file-storage.js';
import { acceptUploads } from './files/upload.js';
import { acceptSurfaces } from './legacy/accept-surfaces.js';
import { pathsOutsidePrefix } from './legacy/surface-paths.js';
import { acceptVisitors, isForVisitors } from './legacy/widget/accept-visitors.js';

export const API_PREFIX = 'api/v1';
const CLOSE_PATIENCE_MS = 3_000;
const BODY_LIMIT = 1024 * 1024;
const EXPOSED_HEADERS = [
  ...['X-Request-Id', 'Retry-After', 'Idempotent-Replayed'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
];

type CorsOptions = NonNullable<Parameters<NestFastifyApplication['enableCors']>[0]>;

/** The API, set up whole and not listening yet: the same for `main`, tests and tools. */
export async function createApp(
  env: Env,
  onFastify?: (fastify: FastifyInstance) => void,
): Promise<NestFastifyApplication> {
  const adapter = createAdapter(env);
  const fastify = adapter.getInstance<FastifyInstance>();
  onFastify?.(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(env), adapter, {
    logger: new JsonLogger(env.DEBUG),
    bodyParser: false,
    routeConflictPolicy: { duplicate: 'error', shadow: 'off' },
    abortOnError: false,
  });
  await acceptRequests(app, env);
  app.useGlobalPipes(new InputPipe());
  app.useGlobalFilters(
    new ProblemFilter((error) => classifyDatabaseFailure(error) ?? classifyStorageFailure(error)),
  );
  app.setGlobalPrefix(API_PREFIX, {
    exclude: [{ path: 'health/{*path}', method: RequestMethod.GET }, ...pathsOutsidePrefix()],
  });
  setUpSwagger(app, env.LEGACY_SURFACES);
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  return app;
}

function createAdapter(env: Env): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: typeof env.TRUST_PROXY === 'number' ? nearest(env.TRUST_PROXY) : env.TRUST_PROXY,
    bodyLimit: BODY_LIMIT,
    genReqId: requestIdOf,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 500 },
    forceCloseConnections: 'idle',
    // Fastify's own refusal is no problem document; ours is given by a hook.
    return503OnClosing: false,
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, new AppError('malformed_request')),
  });
}

/** Believes the nearest so many proxies, and nobody behind them. */
function nearest(proxies: number): (address: string, hop: number) => boolean {
  return (_, hop) => hop < proxies;
}

async function acceptRequests(app: NestFastifyApplication, env: Env): Promise<void> {
  app.useBodyParser('application/json', { bodyLimit: BODY_LIMIT });
  await app.register(cookie);
  await app.register(helmet, {
    // Swagger UI has inline styles. Without TLS in front, a browser must not be told to go there.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  });
  if (env.CORS_ORIGINS.length > 0) allowOrigins(app, env);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // JSON is what the API reads: Fastify's own parser for plain text would make a body of anything.
  fastify.removeContentTypeParser('text/plain');
  acceptLongBodies(fastify);
  // Before uploads: those ask which routes take a form.
  acceptSurfaces(fastify, env.LEGACY_SURFACES);
  await acceptUploads(fastify);
  fastify.addHook('onRequest', giveContext);
  acceptVisitors(fastify, env);
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    writeRateLimitHeaders(reply);
    done();
  });
  fastify.addHook('onResponse', logAccess(new Logger('Http')));
  endInOrder(fastify);
}

function allowOrigins(app: NestFastifyApplication, env: Env): void {
  const options: CorsOptions = {
    origin: env.CORS_ORIGINS,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    credentials: true,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  };
  // The widget has rules of its own for pages of other sites.
  const none: CorsOptions = { origin: false };
  app.enableCors({
    delegator: (request, done) => done(null, isForVisitors(request, env) ? none : options),
  });
}

/** What comes in after the end has begun is refused as everything is that is refused. */
function endInOrder(fastify: FastifyInstance): void {
  let isClosing = false;
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isClosing && !/^\/+health(?:[/?]|$)/.test(request.url))
      sendProblem(request, reply, new AppError('shutting_down', { retryAfter: 2 }));
    else done();
  });
  fastify.addHook('preClose', (done) => {
    isClosing = true;
    // Whoever does not read the end of his answer is not waited for: the process has to end.
    setTimeout(() => fastify.server.closeAllConnections(), CLOSE_PATIENCE_MS).unref();
    done();
  });
}

function giveContext(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('X-Request-Id', request.id);
  const caller = { address: request.ip, userAgent: request.headers['user-agent'] ?? '' };
  const language = languageOf(request.headers['accept-language']);
  requestContext.run({ requestId: request.id, language, caller }, done);
}

/** One line a request: the route's pattern, never its query or body. */
function logAccess(logger: Logger) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const route = request.routeOptions.url ?? '(none)';
    logger.log(`${request.method} ${route} ${reply.statusCode} ${Math.round(reply.elapsedTime)}ms`);
    done();
  };
}

/** Where an application listens, for people. */
export async function listen(app: INestApplication, env: Env): Promise<void> {
  await app.listen(env.PORT, env.HOST);
  new Logger('Parley').log(`Parley listens on ${(await app.getUrl()).replace('[::1]', '127.0.0.1')}`);
}
