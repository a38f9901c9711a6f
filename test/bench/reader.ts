import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { EventStream, SseEvent } from '../support/event-stream.ts';

const agent = new Agent({ keepAlive: false });
const ENDS = ['message.completed', 'message.stopped', 'message.interrupted', 'message.failed'];

/** Longest wait for the end of a stream: one that never comes is a finding, and must not hold up the run. */
const PATIENCE_MS = 60_000;

/** The events of a stream up to its end, or what there is of them when the patience is over. */
export async function collect(stream: EventStream, patienceMs = PATIENCE_MS): Promise<SseEvent[]> {
  const timer = setTimeout(() => stream.close(), patienceMs);
  const events = await stream.collect().finally(() => clearTimeout(timer));
  return events;
}

/** One connection of a reader, and how it was over. */
export interface Part {
  /** 0 where there was no answer. */
  status: number;
  retryAfter: string | undefined;
  /** The problem's code, of a refusal. */
  code: string | undefined;
  /** `end` in order; `cut` by the reader itself, `endless` after a minute; else the code of the connection's error. */
  how: string;
}

export interface Question {
  conversationId: number;
  content: string;
  token: string;
}

/**
 * A client that wants one turn, over as many connections as it takes: it asks with an `Idempotency-Key` until it knows
 * the answer's id, then reads on behind the last event it has, from any process.
 */
export class TurnReader {
  /** Each as it came, whole ones only. */
  readonly events: SseEvent[] = [];
  /** Ids that did not follow the one before. */
  readonly jumps: string[] = [];
  private readonly question: Question;
  private readonly key = randomUUID();

  constructor(question: Question) {
    this.question = question;
  }

  get created(): SseEvent | undefined {
    return this.events.find(({ event }) => event === 'message.created');
  }

  /** The event that ended the turn. */
  get end(): SseEvent | undefined {
    return this.events.find(({ event }) => ENDS.includes(event));
  }

  /** Reads at this process until the stream's end, or until `cutAfter` bytes came: what came behind is not looked at. */
  read(baseUrl: string, cutAfter = Infinity): Promise<Part> {
    const { conversationId, content, token } = this.question;
    const answerId = this.created?.data.assistantMessage.id as number | undefined;
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    if (answerId === undefined) {
      const more = { 'content-type': 'application/json', 'idempotency-key': this.key };
      const url = `${baseUrl}/api/v1/conversations/${conversationId}/messages`;
      return this.receive('POST', url, { ...headers, ...more }, cutAfter, JSON.stringify({ content }));
    }
    const after = { 'last-event-id': String(this.events.at(-1)!.id) };
    return this.receive(
      'GET',
      `${baseUrl}/api/v1/messages/${answerId}/events`,
      { ...headers, ...after },
      cutAfter,
    );
  }

  private receive(
    method: string,
    url: string,
    headers: Record<string, string>,
    cutAfter: number,
    body?: string,
  ): Promise<Part> {
    return new Promise<Part>((resolve) => {
      const request = httpRequest(url, { method, headers, agent }, (message) => {
        const over = (how: string, code?: string) => resolve({ ...headOf(message), code, how });
        message.on('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.name));
        if (message.statusCode !== 200)
          return void codeOf(message).then(
            (code) => over('end', code),
            () => over('end'),
          );
        const feed = this.feeder();
        let left = cutAfter;
        message.on('end', () => over('end'));
        message.on('data', (bytes: Buffer) => {
          feed(bytes.subarray(0, left));
          left -= bytes.length;
          if (left > 0) return;
          message.removeAllListeners('data');
          over('cut');
          request.destroy();
        });
      });
      const none = { status: 0, retryAfter: undefined, code: undefined };
      const timer = setTimeout(() => {
        resolve({ ...none, how: 'endless' });
        request.destroy();
      }, PATIENCE_MS);
      request.on('close', () => clearTimeout(timer));
      request.on('error', (error: NodeJS.ErrnoException) =>
        resolve({ ...none, how: error.code ?? error.name }),
      );
      request.end(body);
    });
  }

  private feeder(): (bytes: Buffer) => void {
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.take(Number(id), event ?? '', data),
    });
    return (bytes) => parser.feed(decoder.decode(bytes, { stream: true }));
  }

  private take(id: number, event: string, data: string): void {
    const before = this.events.at(-1)?.id ?? 0;
    if (id !== before + 1) this.jumps.push(`${before} to ${id}`);
    this.events.push({ id, event, data: JSON.parse(data), at: performance.now() });
  }
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Pick<Part, 'status' | 'retryAfter'> {
  return { status: statusCode, retryAfter: headers['retry-after'] };
}

async function codeOf(message: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return (JSON.parse(Buffer.concat(parts).toString()) as { code?: string }).code;
}
