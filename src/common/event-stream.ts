import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { AppError } from './errors.js';
import { writeRateLimitHeaders } from './rate-limits.js';
import { fieldMessage } from './validation.js';

const KEEP_AWAKE_MS = 10_000;

/** An event as a client gets it. `data` is what JSON can hold; `id` is what the client goes on behind. */
export interface ServerSentEvent {
  id: number | string;
  type: string;
  data: unknown;
}

/** Whether the client asked for a stream of events. */
export function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

/** Aborts when the client has gone, or has everything. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // Who left while his turn was waited for is told of no more.
  if (reply.raw.destroyed) gone.abort();
  else reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** The signal that the client of this request has gone, or has everything, as a parameter of its handler. */
export const Gone = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal =>
  goneSignal(context.switchToHttp().getResponse<FastifyReply>()),
);

/**
 * Answers with events as they come, and ends with them. Headers go out at once, and a comment line every 10 seconds
 * keeps proxies awake. A slow reader is waited for: nothing is asked of `batches` meanwhile.
 * @param gone of this reply's client; `batches` ends with it
 */
export async function streamEvents(
  batches: AsyncIterable<ServerSentEvent[]>,
  reply: FastifyReply,
  gone: AbortSignal,
): Promise<void> {
  writeRateLimitHeaders(reply);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  raw.flushHeaders();
  const awake = setInterval(() => raw.write(': awake\n\n'), KEEP_AWAKE_MS);
  try {
    for await (const batch of batches) await write(raw, batch.map(formatEvent).join(''), gone);
  } finally {
    clearInterval(awake);
    raw.end();
  }
}

async function write(raw: ServerResponse, text: string, gone: AbortSignal): Promise<void> {
  if (gone.aborted || raw.write(text)) return;
  await once(raw, 'drain', { signal: gone }).catch(() => undefined);
}

/** One event as server-sent events write it. JSON has no line breaks, so `data` is one line. */
function formatEvent({ id, type, data }: ServerSentEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Which event a client has seen last, and where it says so; undefined: none. */
export interface LastSeen {
  field: string;
  id: unknown;
}

/** `?after=`, or `Last-Event-ID`, as browsers send it. */
export function lastSeen(context: ExecutionContext): LastSeen | undefined {
  const { headers, query } = context
    .switchToHttp()
    .getRequest<FastifyRequest<{ Querystring: { after?: unknown } }>>();
  const seen: LastSeen =
    query.after === undefined
      ? { field: 'Last-Event-ID', id: headers['last-event-id'] }
      : { field: 'after', id: query.after };
  return seen.id === undefined || seen.id === '' ? undefined : seen;
}

/** Behind which event to go on: `?after=` or `Last-Event-ID`; 0 is the beginning. */
export const AfterEvent = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const seen = lastSeen(context);
  if (!seen) return 0;
  if (typeof seen.id === 'string' && /^\d{1,15}$/.test(seen.id)) return Number(seen.id);
  throw new AppError('invalid_input', {
    errors: [{ field: seen.field, message: fieldMessage('isInt') }],
  });
});
