import type { Answer, ApiClient, RequestOptions } from './client.ts';

/** An answer as the contract has it: status, media type and body. */
export interface Said {
  status: number;
  type: string | undefined;
  body: unknown;
}

const JSON_TYPE = 'application/json; charset=utf-8';

export function saidBy({ status, headers, body }: Answer): Said {
  return { status, type: headers['content-type'], body };
}

/** JSON with this status. */
export function said(body: unknown, status = 200): Said {
  return { status, type: JSON_TYPE, body };
}

/** What the surface says of what cannot be done. */
export function refused(msg: unknown, status = 200): Said {
  return said({ code: -1, msg, data: [] }, status);
}

/** A client of the surface `companion`, for the account of another client. */
export class Companion {
  constructor(
    readonly client: ApiClient,
    private readonly options: RequestOptions = {},
  ) {}

  get userId(): number {
    return this.client.account.id;
  }

  async post(path: string, fields: object = {}, options: RequestOptions = {}): Promise<Said> {
    const body = fields instanceof FormData ? fields : { user_id: this.userId, ...fields };
    return saidBy(await this.client.post(path, body, { ...this.options, ...options }));
  }

  async get(
    path: string,
    fields: Record<string, string | number> = {},
    options: RequestOptions = {},
  ): Promise<Said> {
    const query = new URLSearchParams({ user_id: String(this.userId), ...mapped(fields) });
    return saidBy(await this.client.get(`${path}?${query.toString()}`, { ...this.options, ...options }));
  }

  /** A new bot's id. */
  async bot(fields: object = {}): Promise<number> {
    const { body } = await this.post('/bots/create', { chatbot_name: 'Bot-1', chatbot_type: 0, ...fields });
    return (body as { data: [{ chatbot_id: number }] }).data[0].chatbot_id;
  }

  say(chatbotId: number, input: string): Promise<Said> {
    return this.post('/chat/new_chat', { chatbot_id: chatbotId, input });
  }

  history(chatbotId: number, more: Record<string, string> = {}): Promise<Said> {
    return this.get('/chat/history', { chatbot_id: chatbotId, ...more });
  }
}

function mapped(fields: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
