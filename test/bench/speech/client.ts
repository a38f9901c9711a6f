import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../support/client.ts';

/** A transcription as the API gives it. */
export interface Row {
  id: number;
  status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  progress: number;
  text: string | null;
  segments: { start: number; end: number; text: string }[];
  errorCode: string | null;
}

const OVER = ['done', 'failed', 'cancelled'];

/** Hands a recording in; resolves with its row as soon as it is accepted. Refused or broken requests are made again. */
export async function handIn(
  client: ApiClient,
  sound: Buffer,
  fields: Record<string, string> = {},
): Promise<Row> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', new Blob([new Uint8Array(sound)], { type: 'audio/wav' }), 'recording.wav');
  return (await client.post<Row>('speech/transcriptions', body, { expect: 202 })).body;
}

/** Waits until nothing more happens to it; asks through restarts of the API. */
export async function outcome(client: ApiClient, id: number, timeoutMs = 120_000): Promise<Row> {
  return (await until(client, id, (row) => OVER.includes(row.status), timeoutMs))!;
}

/** Waits until a row is as wanted; undefined where it is over and is not. */
export async function until(
  client: ApiClient,
  id: number,
  wanted: (row: Row) => boolean,
  timeoutMs = 120_000,
): Promise<Row | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const row = await client
      .get<Row>(`speech/transcriptions/${id}`, { expect: 200 })
      .then(({ body }) => body)
      .catch(() => undefined);
    if (row && wanted(row)) return row;
    if (row && OVER.includes(row.status)) return undefined;
    if (performance.now() > end) throw new Error(`transcription ${id} is still ${row?.status}`);
    await sleep(20);
  }
}
