import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { Child, temporaryFolder } from '../support/child.ts';
import { ask, type OpenTurn, type TurnRequest } from './call.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const AT_ONCE = 4;
/** Passwords are hashed slowly on purpose: above this, users have several conversations. */
const MAX_USERS = 200;
const PROMPT = 'Tell me about machine learning, in a few words.';

/** How a model that is asked for answers: switches of the test upstream. */
export type Model = `test:${string}`;

export type Form = 'stream' | 'whole';

/** One of the three ways to an answer. */
export interface Target {
  name: string;
  /** Its process; the upstream's where there is none in between. */
  pid: number;
  /** Other processes that work for it. */
  helpers: Record<string, number>;
  /** Requests of so many clients; made outside of what is measured. A request may be sent several times in turn. */
  prepare(clients: number, model: Model, form: Form): Promise<TurnRequest[]>;
  /** What its process wrote. */
  output(): string;
  /** Ends turns that nobody listens to any more. */
  stop(turns: OpenTurn[]): Promise<void>;
}

/** A program of this repository in a process of its own. */
export async function startProgram(file: string, args: string[], ready: RegExp, nodeOptions = '') {
  const child = new Child(process.execPath, [resolve(ROOT, file), ...args], {
    cwd: temporaryFolder('bench'),
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  const [, url] = await child.waitFor(ready, 20_000);
  return { child, url: url! };
}

/** The test upstream itself, or the bare proxy before it. */
export function plainTarget(name: string, child: Child, url: string): Target {
  const request = (model: Model): TurnRequest => ({
    url: new URL(`${url}/v1/chat/completions`),
    headers: { authorization: 'Bearer sk-bench', 'content-type': 'application/json' },
    // Always streamed, as Parley always has it streamed: what is measured is the way, not the model.
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: PROMPT }],
      stream: true,
      stream_options: { include_usage: true },
    }),
    status: 200,
    first: '"content":"H',
    last: 'data: [DONE]',
  });
  return {
    name,
    pid: child.pid,
    helpers: {},
    output: () => child.output(),
    prepare: async (clients, model) => Array.from({ length: clients }, () => request(model)),
    stop: async () => undefined,
  };
}

export interface ParleyOptions {
  name: string;
  upstreamUrl: string;
  env: Record<string, string | undefined>;
  entry: string;
  dir?: string;
  helpers?: Record<string, number>;
}

interface User {
  token: string;
  bots: Map<Model, number>;
}

/** The API, built. Each client is a user with a conversation. */
export class Parley implements Target {
  readonly name: string;
  readonly helpers: Record<string, number>;
  readonly process: ApiProcess;
  private readonly users: User[] = [];

  constructor(name: string, process: ApiProcess, helpers: Record<string, number>) {
    this.name = name;
    this.process = process;
    this.helpers = helpers;
  }

  static async start({ name, upstreamUrl, env, entry, dir, helpers = {} }: ParleyOptions): Promise<Parley> {
    const JWT_SECRET = randomBytes(32).toString('hex');
    const standard = { JWT_SECRET, OPENAI_BASE_URL: `${upstreamUrl}/v1`, OPENAI_API_KEY: 'sk-bench' };
    const where = dir === undefined ? {} : { dir };
    return new Parley(name, await startApi({ entry, env: { ...standard, ...env }, ...where }), helpers);
  }

  get pid(): number {
    return this.process.pid;
  }

  output(): string {
    return this.process.logs();
  }

  async prepare(clients: number, model: Model, form: Form): Promise<TurnRequest[]> {
    while (this.users.length < Math.min(clients, MAX_USERS)) {
      const missing = Math.min(AT_ONCE, Math.min(clients, MAX_USERS) - this.users.length);
      this.users.push(...(await Promise.all(Array.from({ length: missing }, () => this.register()))));
    }
    const requests: TurnRequest[] = [];
    for (let start = 0; start < clients; start += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, clients - start) }, (_, i) => this.user(start + i));
      requests.push(...(await Promise.all(some.map((user) => this.converse(user, model, form)))));
    }
    return requests;
  }

  async stop(turns: OpenTurn[]): Promise<void> {
    for (let start = 0; start < turns.length; start += AT_ONCE) {
      await Promise.all(
        turns.slice(start, start + AT_ONCE).map(({ head }, index) => {
          const id = /"assistantMessage":\{"id":(\d+)/.exec(head)?.[1];
          return this.ask('POST', `messages/${id}/stop`, this.user(start + index));
        }),
      );
    }
  }

  private user(index: number): User {
    return this.users[index % this.users.length]!;
  }

  private async register(): Promise<User> {
    const username = `bench_${randomBytes(8).toString('hex')}`;
    const body = { username, password: 'correct horse battery' };
    const { accessToken } = await ask<{ accessToken: string }>('POST', this.at('auth/register'), { body });
    return { token: accessToken, bots: new Map() };
  }

  private async converse(user: User, model: Model, form: Form): Promise<TurnRequest> {
    const chatbotId =
      user.bots.get(model) ?? (await this.ask('POST', 'chatbots', user, { name: 'Bot', model }));
    user.bots.set(model, chatbotId);
    const conversation = await this.ask('POST', 'conversations', user, { chatbotId });
    return {
      url: new URL(this.at(`conversations/${conversation}/messages`)),
      headers: {
        authorization: `Bearer ${user.token}`,
        'content-type': 'application/json',
        accept: form === 'stream' ? 'text/event-stream' : 'application/json',
      },
      body: JSON.stringify({ content: PROMPT }),
      ...(form === 'stream'
        ? { status: 200, first: 'event: message.delta', last: 'event: message.completed' }
        : { status: 201, first: '"assistantMessage"', last: '"error":null,"provider":"openai"' }),
    };
  }

  private async ask(method: string, path: string, { token }: User, body?: unknown): Promise<number> {
    return (await ask<{ id: number }>(method, this.at(path), { token, body })).id;
  }

  private at(path: string): string {
    return `${this.process.url}/api/v1/${path}`;
  }
}
