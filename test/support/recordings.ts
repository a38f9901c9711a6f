import { readFileSync } from 'node:fs';
import type { Answer, ApiClient, RequestOptions } from './client.ts';
import { eventually } from './talk.ts';

/** A recording as a form has it. */
export interface Sent {
  /** The bytes, or the file that has them. */
  file: Buffer | string;
  /** What the client calls it. */
  name?: string;
  type?: string;
}

/** A recording and its options, as a form. */
export function form({ file, name = 'a.wav', type = 'audio/wav' }: Sent, fields: object = {}): FormData {
  const body = new FormData();
  // In whatever order: half of the options come before the file, half behind it.
  const texts = Object.entries(fields);
  const half = Math.floor(texts.length / 2);
  for (const [field, value] of texts.slice(0, half)) body.append(field, String(value));
  const bytes = typeof file === 'string' ? readFileSync(file) : file;
  body.append('file', new Blob([Uint8Array.from(bytes)], { type }), name);
  for (const [field, value] of texts.slice(half)) body.append(field, String(value));
  return body;
}

/** Sends a recording; the answer is not looked at. */
export function send(
  client: ApiClient,
  file: Buffer | string,
  fields: object = {},
  options: RequestOptions = {},
): Promise<Answer> {
  return client.post('speech/transcriptions', form({ file }, fields), options);
}

/** Sends a recording that must be taken; gives the transcription's id. */
export async function sent(client: ApiClient, file: Buffer | string, fields: object = {}): Promise<number> {
  return (await send(client, file, fields, { expect: 202 })).body.id as number;
}

/** A transcription when it has ended. */
export function ended(client: ApiClient, id: number, ms = 60_000): Promise<any> {
  return eventually(async () => {
    const { body } = await client.get(`speech/transcriptions/${id}`, { expect: 200 });
    return body.finishedAt !== null && body;
  }, ms);
}

/** A transcription when it has this status. */
export function inStatus(client: ApiClient, id: number, status: string, ms = 30_000): Promise<any> {
  return eventually(async () => {
    const { body } = await client.get(`speech/transcriptions/${id}`, { expect: 200 });
    return body.status === status && body;
  }, ms);
}

/** Sends a recording and waits for its transcription's end. */
export async function transcribed(
  client: ApiClient,
  file: Buffer | string,
  fields: object = {},
): Promise<any> {
  return ended(client, await sent(client, file, fields));
}
