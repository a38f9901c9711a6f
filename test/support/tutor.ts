import { readFileSync } from 'node:fs';
import type { Answer, ApiClient, RequestOptions } from './client.ts';
import type { ApiContext } from './suite.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** What an answer says: its status, its media type where that is another one, and its body. */
export type Said = [number, unknown];

/** Somebody at the surface `tutor`. */
export class Learner {
  readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  get id(): number {
    return this.client.account.id;
  }

  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.client.post(`/botchat/${path}/`, body, options);
  }

  get(path: string, query: Record<string, unknown> = {}): Promise<Answer> {
    const text = new URLSearchParams(query as Record<string, string>).toString();
    return this.client.get(`/botchat/${path}/${text && `?${text}`}`);
  }

  /** What comes of a request with the own id in it. */
  async chat(route: string, body: object = {}): Promise<Said> {
    return saidBy(await this.post(`chat/${route}`, { user_id: this.id, ...body }));
  }

  async read(route: string, query: Record<string, unknown> = {}): Promise<Said> {
    return saidBy(await this.get(`chat/${route}`, query));
  }

  /** A new topic's id. */
  async topic(): Promise<number> {
    const { body } = await this.post('chat/newtopic', { user_id: this.id }, { expect: 201 });
    return body.topics.at(-1).topic_id as number;
  }

  /** The turns on a topic. */
  async details(topic_id: number): Promise<any[]> {
    const { body } = await this.get('chat/getdetails', { topic_id });
    return body.details as any[];
  }
}

export function saidBy({ status, headers, body }: Answer): Said {
  if (headers['content-type'] !== JSON_TYPE) throw new Error(`not ${JSON_TYPE}: ${headers['content-type']}`);
  return [status, body];
}

/** A new account at the surface. */
export async function learner(ctx: ApiContext, username?: string): Promise<Learner> {
  return new Learner(await ctx.register(username));
}

/** A recording as browsers send it. */
export function asDataUrl(file: string | Buffer, type = 'audio/wav'): string {
  return `data:${type};base64,${asBase64(file)}`;
}

export function asBase64(file: string | Buffer): string {
  return (typeof file === 'string' ? readFileSync(file) : file).toString('base64');
}

/** A turn of `getdetails` that nobody has heard. */
export const detail = (conversation_id: unknown, prompt: string, response_word: string) => ({
  ...{ conversation_id, prompt_word: prompt, prompt, prompt_voice: '', response_word, response_voice: '' },
  audio_assessment: '',
});
