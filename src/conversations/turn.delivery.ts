import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { StreamEvent } from '../../libs/streams/event-streams.js';
import { writeRateLimitHeaders } from '../common/rate-limits.js';
import { MessageDto } from './dto/message.dto.js';
import type { TurnDto, TurnEndDto } from './dto/turn.dto.js';
import { MessagesService } from './messages.service.js';
import { TurnEvents } from './turn.events.js';
import type { StoredTurn } from './turn.replays.js';

const KEEP_AWAKE_MS = 10_000;

/** Whether the client asked for a stream of events. */
function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

/** Brings turns to clients: as events while they happen, or whole when they have ended. */
@Injectable()
export class TurnDelivery {
  constructor(
    private readonly events: TurnEvents,
    private readonly messages: MessagesService,
  ) {}

  /** Answers a request that made a turn, in the form that it asked for. The turn does not depend on who listens. */
  async deliver(turn: StoredTurn, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    writeRateLimitHeaders(reply);
    if (turn.replayed) reply.header('Idempotent-Replayed', 'true');
    const gone = goneSignal(reply);
    const batches = this.events.read(turn.assistantMessage, 0, gone);
    if (wantsEvents(request)) return streamEvents(batches, reply, gone);
    const body = await wholeTurn(turn, batches);
    if (!gone.aborted) await reply.status(201).send(body);
  }

  /** Answers with the events of a turn above `after`. @throws AppError not_found */
  async replay(ownerId: number, messageId: number, after: number, reply: FastifyReply): Promise<void> {
    const answer = await this.messages.findAnswer(ownerId, messageId);
    writeRateLimitHeaders(reply);
    const gone = goneSignal(reply);
    await streamEvents(this.events.read(answer, after, gone), reply, gone);
  }
}

/** Aborts when the client has gone, or has everything. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

async function wholeTurn(
  { userMessage, assistantMessage }: StoredTurn,
  batches: AsyncIterable<StreamEvent[]>,
): Promise<TurnDto> {
  let last: StreamEvent | undefined;
  for await (const batch of batches) last = batch.at(-1);
  const ended = (last?.data as TurnEndDto | undefined)?.message ?? MessageDto.from(assistantMessage);
  return { userMessage: MessageDto.from(userMessage), assistantMessage: ended };
}

/** Writes events as they come. A slow reader is waited for: what it has not read yet stays in the turn's stream. */
async function streamEvents(
  batches: AsyncIterable<StreamEvent[]>,
  reply: FastifyReply,
  gone: AbortSignal,
): Promise<void> {
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
function formatEvent({ id, type, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
