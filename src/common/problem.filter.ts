import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimitedError } from '../../libs/limits/rate-limiter.js';
import { describeFailure } from './describe-failure.js';
import { envelopeOf } from './error-envelope.js';
import { AppError } from './errors.js';
import { type ProblemCode, PROBLEMS } from './problem-catalog.js';
import type { ProblemDto } from './problem.dto.js';
import { noteRateLimit } from './rate-limits.js';
import { languageOf } from './request-context.js';

/** Recognises failures of what is below this room (the database) by their codes. */
export type FailureClassifier = (error: unknown) => ProblemCode | undefined;

/** Fastify's and Nest's own refusals, which come before a handler, by status. */
const BY_STATUS: Record<number, ProblemCode> = {
  401: 'unauthenticated',
  404: 'route_not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  503: 'shutting_down',
};

const BY_FASTIFY_CODE: Record<string, ProblemCode> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
};

/** Turns whatever was thrown into problem details: the only place where an error becomes HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  constructor(private readonly classify: FailureClassifier) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = this.toAppError(thrown, request);
    if (error.code === 'internal_error') this.logger.error(describeFailure(thrown));
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, error);
  }

  private toAppError(thrown: unknown, request: FastifyRequest): AppError {
    if (thrown instanceof AppError) return thrown;
    if (thrown instanceof RateLimitedError) {
      noteRateLimit(thrown.state);
      return new AppError('too_many_attempts', { retryAfter: thrown.retryAfter });
    }
    const known = this.classify(thrown);
    if (known) return new AppError(known, { cause: thrown, retryAfter: 2 });
    const { code, statusCode } = thrown as { code?: string; statusCode?: number };
    const fastifyCode = typeof code === 'string' ? BY_FASTIFY_CODE[code] : undefined;
    if (fastifyCode) return new AppError(fastifyCode);
    const status = thrown instanceof HttpException ? thrown.getStatus() : statusCode;
    if (status === undefined) return new AppError('internal_error', { cause: thrown });
    // JSON that the parser refused (a syntax error, a poisoned prototype) carries only its status.
    if (status === 400 && isUnreadJson(request)) return new AppError('malformed_json');
    const code4xx = BY_STATUS[status] ?? (status < 500 ? 'malformed_request' : 'internal_error');
    return new AppError(code4xx, { cause: thrown, ...(status === 503 && { retryAfter: 2 }) });
  }
}

function isUnreadJson({ body, headers }: FastifyRequest): boolean {
  return body === undefined && (headers['content-type'] ?? '').startsWith('application/json');
}

/** Writes a problem document, or what the route has in its place; also used where no Nest handler was reached. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError): void {
  const language = languageOf(request.headers['accept-language']);
  const { status, [language]: text } = PROBLEMS[error.code];
  const detail = text.detail.replace(/\{(\w+)\}/g, (_, name: string) => String(error.params[name] ?? ''));
  if (error.retryAfter !== undefined) reply.header('Retry-After', Math.max(1, Math.ceil(error.retryAfter)));
  // Set already, but where the router refused the URL before any hook ran.
  reply.header('X-Request-Id', request.id);
  const enveloped = envelopeOf(request)?.(
    error,
    { status, title: text.title, detail },
    request.routeOptions.url ?? '',
  );
  const answered = enveloped?.status ?? status;
  if (answered === 401) reply.header('WWW-Authenticate', 'Bearer');
  const body: ProblemDto & Record<string, unknown> = {
    type: `urn:parley:problem:${error.code}`,
    title: text.title,
    status,
    detail,
    instance: request.url.split('?')[0]!,
    code: error.code,
    requestId: request.id,
    ...(error.errors && { errors: error.errors }),
    ...error.extensions,
  };
  const mediaType = enveloped ? 'application/json' : 'application/problem+json';
  if (!enveloped) reply.header('Content-Language', language);
  reply
    .status(answered)
    .header('Content-Type', `${mediaType}; charset=utf-8`)
    .send(JSON.stringify(enveloped ? enveloped.body : body));
}
