import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeRateLimitHeaders } from '../../common/rate-limits.js';
import { failureMessage } from './widget.errors.js';

/**
 * Bytes of one event. Pages cut what they receive at its line ends and keep nothing for the next time, so that an event
 * has to arrive in one piece: it fits into one packet of a network, whatever is around it.
 */
const MAX_EVENT_BYTES = 1_100;
/** Milliseconds between two events, so that they travel in packets of their own. */
const PACE_MS = 15;
/** How long a page may read nothing, in milliseconds. */
const STALL_MS = 30_000;

const COMPLETED = eventOf({ success: true, finished: true, message: 'Stream completed' });

/**
 * Answers with the pieces of an answer as events, each written at once. Headers go out with the first piece: what
 * `pieces` throws before it is thrown here.
 * @param gone of this reply's client; `pieces` ends with it
 */
export async function streamPieces(
  pieces: AsyncGenerator<string, void>,
  sessionId: string,
  { reply, gone }: { reply: FastifyReply; gone: AbortSignal },
): Promise<void> {
  let piece = await pieces.next();
  const { raw } = reply;
  open(reply);
  try {
    for (; piece.done !== true && !gone.aborted; piece = await pieces.next()) {
      for (const event of eventsOf(piece.value, sessionId)) {
        await write(raw, event, gone);
        await sleep(PACE_MS, undefined, { signal: gone }).catch(() => undefined);
      }
    }
    raw.end(COMPLETED);
  } catch (error) {
    raw.end(eventOf({ success: false, message: failureMessage(error), finished: true }));
  } finally {
    await pieces.return();
  }
}

function open(reply: FastifyReply): void {
  writeRateLimitHeaders(reply);
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  // In a packet of their own, too.
  reply.raw.flushHeaders();
}

async function write(raw: ServerResponse, event: string, gone: AbortSignal): Promise<void> {
  if (gone.aborted || raw.write(event)) return;
  const clock = AbortSignal.timeout(STALL_MS);
  await once(raw, 'drain', { signal: AbortSignal.any([gone, clock]) }).catch(() => undefined);
  if (clock.aborted) raw.destroy();
}

/** As many events as a text needs; characters stay whole. */
function* eventsOf(text: string, sessionId: string): Generator<string> {
  const event = (content: string) =>
    eventOf({ success: true, content, finished: false, session_id: sessionId });
  const room = MAX_EVENT_BYTES - event('').length;
  let content = '';
  let left = room;
  for (const character of text) {
    const size = escaped(character).length - 2;
    if (size > left) {
      yield event(content);
      [content, left] = ['', room];
    }
    content += character;
    left -= size;
  }
  if (content !== '') yield event(content);
}

/** One event, its JSON as Python writes it: a space behind commas and colons, and nothing but ASCII. */
function eventOf(fields: Record<string, string | boolean>): string {
  const members = Object.entries(fields).map(([name, value]) => `${escaped(name)}: ${escaped(value)}`);
  return `data: {${members.join(', ')}}\n\n`;
}

function escaped(value: string | boolean): string {
  return JSON.stringify(value).replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
