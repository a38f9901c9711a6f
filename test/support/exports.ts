import type { Answer, ApiClient } from './client.ts';
import { eventually } from './talk.ts';
import { type ArchiveEntry, unzip } from './archive.ts';

/** Asks for an export that must be taken; gives its id. */
export async function askForExport(client: ApiClient): Promise<number> {
  return (await client.post('users/me/export', undefined, { expect: 202 })).body.id as number;
}

/** An export when it has ended. */
export function exportEnded(client: ApiClient, id: number, ms = 60_000): Promise<any> {
  return eventually(async () => {
    const { body } = await client.get(`users/me/exports/${id}`, { expect: 200 });
    return body.finishedAt !== null && body;
  }, ms);
}

/** Where the archive is, by an export's own link: without a login. */
export function byLink(client: ApiClient, { url }: { url: string }): Promise<Answer> {
  return client.get(url, { token: null });
}

/** Has everything of an account put together, and unpacks it. */
export async function exported(client: ApiClient): Promise<Map<string, ArchiveEntry>> {
  const id = await askForExport(client);
  const made = await exportEnded(client, id);
  if (made.status !== 'done') throw new Error(`the export ended ${made.status}: ${made.errorCode}`);
  return unzip((await client.get(`users/me/exports/${id}/content`, { expect: 200 })).bytes);
}
