import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../common/errors.js';
import { sendProblem } from '../../common/problem.filter.js';
import type { Env } from '../../config/env.js';
import { surfaceOf } from '../surface-paths.js';

const EXPOSED_HEADERS = 'Retry-After, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset';
const PREFLIGHT_SECONDS = 600;

type Settings = Pick<Env, 'LEGACY_SURFACES' | 'WIDGET_ORIGINS'>;

/**
 * Lets pages of other sites use the widget: of all of them, or of those of WIDGET_ORIGINS. No cookie is meant, so that
 * none is allowed. And answers what has no route under the widget's path, whatever the method.
 */
export function acceptVisitors(fastify: FastifyInstance, env: Settings): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!isForVisitors(request, env)) return done();
    const isAllowed = allowOrigin(request, reply, env.WIDGET_ORIGINS);
    if (isPreflight(request)) return allowRequest(request, reply);
    if (request.is404 && isOfApi(request.url)) return sendNotFound(reply);
    // No bytes are no body, and not one that is broken.
    if (request.headers['content-length'] === '0') delete request.headers['content-type'];
    if (isAllowed || request.method === 'GET' || request.method === 'HEAD') return done();
    // A form needs no leave to be sent, and what it asks is paid for.
    sendProblem(request, reply, new AppError('cross_site_request'));
  });
}

/** Whether a request is for the widget, where that is mounted. */
export function isForVisitors({ url }: FastifyRequest, { LEGACY_SURFACES }: Settings): boolean {
  const [path = ''] = url.split('?');
  const isMounted = LEGACY_SURFACES.includes('widget');
  return isMounted && surfaceOf(path.replaceAll(/\/{2,}/g, '/'), ['widget']) !== undefined;
}

function isOfApi(url: string): boolean {
  return /^\/+myapi(?:[/?]|$)/.test(url);
}

/** Says to the browser whether the page may read the answer; true where it may, and where no browser asks. */
function allowOrigin(
  { headers, host }: FastifyRequest,
  reply: FastifyReply,
  allowed: readonly string[],
): boolean {
  const { origin } = headers;
  reply.header('Access-Control-Expose-Headers', EXPOSED_HEADERS);
  if (allowed.length === 0) {
    reply.header('Access-Control-Allow-Origin', '*');
    return true;
  }
  reply.header('Vary', 'Origin');
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return true;
  if (!allowed.includes(origin)) return false;
  reply.header('Access-Control-Allow-Origin', origin);
  return true;
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function allowRequest({ headers }: FastifyRequest, reply: FastifyReply): void {
  const asked = headers['access-control-request-headers'];
  reply
    .status(204)
    .header('Access-Control-Allow-Methods', 'GET, HEAD, POST')
    .header('Access-Control-Allow-Headers', asked ?? 'Content-Type')
    .header('Access-Control-Max-Age', PREFLIGHT_SECONDS)
    .header('Content-Length', '0')
    .send();
}

function sendNotFound(reply: FastifyReply): void {
  reply
    .status(404)
    .header('Content-Type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ success: false, message: 'Endpoint not found' }));
}
