import { ZipArchive } from 'archiver';
import { buffer } from 'node:stream/consumers';
import type { Answer, ApiClient } from './client.ts';

/** A file to be sent: its name and its bytes. */
export type Sent = [name: string, bytes: Buffer | string];

export function uploadForm(files: Sent[]): FormData {
  const form = new FormData();
  for (const [name, bytes] of files)
    form.append('files', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]), name);
  return form;
}

/** Uploads files at once. */
export function upload(client: ApiClient, ...files: Sent[]): Promise<Answer> {
  return client.post('files', uploadForm(files));
}

/** A zip file of these entries, in their order. */
export async function zipOf(entries: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = new ZipArchive();
  for (const [name, content] of Object.entries(entries)) archive.append(content, { name });
  const [bytes] = await Promise.all([buffer(archive), archive.finalize()]);
  return bytes;
}

const OFFICE = 'application/vnd.openxmlformats-officedocument';
export const DOCX = `${OFFICE}.wordprocessingml.document`;
export const XLSX = `${OFFICE}.spreadsheetml.sheet`;

/** What a file of Office has that says what it is. */
export function contentTypes(main: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
    `<Override PartName="/main.xml" ContentType="${main}"/></Types>`
  );
}

/** The smallest PNG: one pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
