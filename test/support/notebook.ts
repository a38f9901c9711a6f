import { expect } from 'vitest';
import type { Answer, ApiClient, RequestOptions } from './client.ts';

type Fields = Record<string, unknown>;

/** What an answer of the surface is, as its contract has it. */
export interface Said {
  status: number;
  type: string | undefined;
  body: unknown;
}

/** A client of the surface `notebook`. */
export class Notebook {
  constructor(
    private readonly client: ApiClient,
    private readonly options: RequestOptions = {},
  ) {}

  /** The answer to a POST of these fields as JSON. */
  async post(route: string, fields?: Fields | FormData, options: RequestOptions = {}): Promise<Said> {
    return saidBy(await this.answer(route, fields, options));
  }

  answer(route: string, fields?: Fields | FormData, options: RequestOptions = {}): Promise<Answer> {
    return this.client.post(`/myapp/${route}/`, fields, { ...this.options, ...options });
  }

  /** The same as a form. */
  form(route: string, fields: Record<string, string>): Promise<Said> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const raw = new URLSearchParams(fields).toString();
    return this.post(route, undefined, { raw, headers });
  }

  /** The same as a form with parts. */
  multipart(route: string, fields: Record<string, string>): Promise<Said> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.post(route, form);
  }
}

export function saidBy({ status, headers, body }: Answer): Said {
  return { status, type: headers['content-type'], body };
}

/** An answer in JSON with status 200. */
export function said(body: unknown, status = 200): Said {
  return { status, type: 'application/json; charset=utf-8', body };
}

/** A refusal that says what is wrong. */
export function refused(about: string | RegExp, status = 200): Said {
  return said({ code: -3, msg: expect.stringMatching(about) }, status);
}

export const CHAT = said({ code: 0, msg: '对话加入成功' });
export const MESSAGE = said({ code: 0, msg: '消息加入成功' });
export const DELETED = said({ code: 0, msg: '对话删除成功' });
export const history = (...rows: [who: string, text: string][]): Said =>
  said({ code: 0, 历史信息列表: rows });

/** Somebody with an account, and his chats. */
export interface Somebody {
  client: ApiClient;
  notebook: Notebook;
  username: string;
  /** Adds a chat, or a message. */
  add(fields: Fields): Promise<Said>;
}

export function somebodyOf(client: ApiClient): Somebody {
  const notebook = new Notebook(client);
  const { username } = client.account;
  return { client, notebook, username, add: (fields) => notebook.post('add_chat', { username, ...fields }) };
}

export const EXAMPLE = {
  prompt_title: 'python数据处理',
  prompt_text: '我有五个excel表，每个表有6列。帮我写一段python，把这五个表合成一个表。',
};

export const stored = (fields: typeof EXAMPLE): Said =>
  said({ code: 0, ...fields, prompt_msg: '示例promp存储成功' });

/** Examples as the older backend wrote them; undefined where there are none. */
export const page = (body: string | undefined): Said => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body,
});

/** Stores an example, which must succeed. */
export async function addExample(notebook: Notebook, prompt_title: string, prompt_text = 'x'): Promise<void> {
  const fields = { prompt_title, prompt_text };
  expect(await notebook.post('add_prompt_fuction', fields)).toEqual(stored(fields));
}
