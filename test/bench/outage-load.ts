import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, Answer } from '../support/client.ts';
import { textOf } from '../support/talk.ts';
import { type Part, TurnReader } from './reader.ts';

/** Longest wait of a client for an answer. */
const PATIENCE_MS = 15_000;
/** Pause of a reader whose connection broke, before it goes on. */
const RECONNECT_MS = 250;
/** How long a reader goes on trying to reach the end of its turn: longer than an ending waits for its database. */
const FOLLOW_MS = 75_000;

const PACED = 'outage:gap=100,count=30';
const QUICK = 'outage:count=5';

/** A turn that a client was told of: it must be there ever after. */
export interface Acknowledged {
  prompt: string;
  userId: number;
  answerId: number;
  /** The pieces that were streamed, joined; undefined where the turn was not streamed. */
  streamed: string | undefined;
  /** The answer as the client was told it had ended; undefined where it was told no end. */
  end: { status: string; content: string } | undefined;
}

export interface LoadOptions {
  /** The addresses of the processes; requests go to each in turn. */
  urls: string[];
  streams: number;
  /** A second. */
  sends: number;
  reads: number;
}

/** Clients that stream, send and read without a pause, whatever is away, and keep a record of what they were told. */
export class Load {
  readonly turns: Acknowledged[] = [];
  readonly conversations: number[] = [];
  /** What did not go well, by status and code, with the number of times. */
  readonly failures = new Map<string, number>();
  requests = 0;
  private readonly token: string;
  private readonly clients: ApiClient[];
  private readonly bots: { paced: number; quick: number };
  private readonly open = new Set<Promise<void>>();
  private running = true;
  private next = 0;

  private constructor(client: ApiClient, options: LoadOptions, bots: { paced: number; quick: number }) {
    this.token = client.token!;
    this.clients = options.urls.map((url) => client.at(url));
    this.bots = bots;
  }

  static async start(client: ApiClient, options: LoadOptions): Promise<Load> {
    const make = async (model: string): Promise<number> =>
      (await client.post('chatbots', { name: 'Bot', model }, { expect: 201 })).body.id;
    const load = new Load(client, options, { paced: await make(PACED), quick: await make(QUICK) });
    for (let stream = 0; stream < options.streams; stream += 1) load.track(load.keepStreaming());
    load.track(load.every(options.sends, () => load.send()));
    load.track(load.every(options.reads, () => load.read()));
    return load;
  }

  /** Failures that are none of a clean refusal: 503 with Retry-After. */
  get unclean(): [what: string, count: number][] {
    return [...this.failures].filter(([what]) => !/^\w+ 503 .*Retry-After \d+$/.test(what));
  }

  /** Asks nothing more, and waits for the answers that are on their way. */
  async stop(): Promise<void> {
    this.running = false;
    while (this.open.size > 0) await Promise.all(this.open);
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.open.delete(tracked));
    this.open.add(tracked);
  }

  private async every(perSecond: number, work: () => Promise<void>): Promise<void> {
    while (this.running) {
      this.track(work());
      await sleep(1_000 / perSecond);
    }
  }

  private async keepStreaming(): Promise<void> {
    while (this.running) {
      const id = await this.begin(this.bots.paced);
      if (id === undefined) await sleep(RECONNECT_MS);
      else await this.stream(id);
    }
  }

  private async begin(chatbotId: number): Promise<number | undefined> {
    const answer = await this.ask('begin', 'POST', 'conversations', { chatbotId });
    if (answer?.status !== 201) return undefined;
    this.conversations.push(answer.body.id);
    return answer.body.id as number;
  }

  /** Sends, and reads the answer to its end, over several connections where one breaks. */
  private async stream(conversationId: number): Promise<void> {
    const content = `Prompt for conversation ${conversationId}`;
    const reader = new TurnReader({ conversationId, content, token: this.token });
    const deadline = performance.now() + FOLLOW_MS;
    do {
      this.requests += 1;
      const part = await reader.read(this.nextClient().baseUrl);
      if (part.status !== 200) this.fail(reader.created ? 'resume' : 'stream', describe(part));
      else if (!reader.end) this.fail('stream', `broken off: ${part.how}`);
      if (!reader.created) return;
      if (!reader.end) await sleep(RECONNECT_MS);
    } while (!reader.end && performance.now() < deadline);
    const { userMessage, assistantMessage } = reader.created.data;
    const message = reader.end?.data.message;
    this.turns.push({
      ...{ prompt: content, userId: userMessage.id, answerId: assistantMessage.id },
      streamed: textOf(reader.events),
      end: message && { status: message.status, content: message.content },
    });
    if (message && message.status !== 'completed')
      this.fail('turn', `${message.status} ${message.error?.code ?? ''}`);
    else if (!message) this.fail('turn', 'without an end');
  }

  private async send(): Promise<void> {
    const id = await this.begin(this.bots.quick);
    if (id === undefined) return;
    const content = `Prompt for conversation ${id}`;
    const answer = await this.ask('send', 'POST', `conversations/${id}/messages`, { content });
    if (answer?.status !== 201) return;
    const { userMessage, assistantMessage } = answer.body;
    const { status, error } = assistantMessage;
    if (status !== 'completed') this.fail('turn', `${status} ${error?.code ?? ''}`);
    this.turns.push({
      ...{ prompt: content, userId: userMessage.id, answerId: assistantMessage.id },
      ...{ streamed: undefined, end: { status, content: assistantMessage.content } },
    });
  }

  private async read(): Promise<void> {
    const turn = this.turns[Math.floor(Math.random() * this.turns.length)];
    await this.ask('read', 'GET', turn ? `messages/${turn.answerId}` : 'conversations');
  }

  private async ask(what: string, method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    this.requests += 1;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await this.nextClient().request(method, path, { body, signal });
      if (answer.status >= 400) {
        const retryAfter = answer.headers['retry-after'];
        this.fail(what, describe({ status: answer.status, code: answer.body?.code, retryAfter, how: 'end' }));
      }
      return answer;
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      this.fail(what, name === 'AbortError' ? `no answer in ${PATIENCE_MS / 1_000} s` : (code ?? name));
      return undefined;
    }
  }

  private nextClient(): ApiClient {
    return this.clients[(this.next += 1) % this.clients.length]!;
  }

  private fail(what: string, how: string): void {
    const key = `${what} ${how}`.trim();
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }
}

function describe({ status, code, retryAfter, how }: Part): string {
  if (status === 0) return how;
  return `${status} ${code ?? 'without a code'}${retryAfter === undefined ? '' : `, Retry-After ${retryAfter}`}`;
}
