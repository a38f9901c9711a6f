/**
 * Uploads a file of 100 MB to an API process, on the disk and into an object storage, and looks how far its memory
 * grows meanwhile, and whether what is stored is what was sent.
 *
 *     node test/bench/files/memory.ts [--megabytes 100] [--most 30]
 *
 * The growth is that of the resident memory, measured every 20 ms while the file comes, above what the process had after
 * smaller ones that were read (what a first upload loads is not the file's). Exits with 1 where a promise is broken.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { S3Server } from '../../support/s3-server.ts';
import { beginUpload } from '../../support/slow-upload.ts';
import { eventually } from '../../support/talk.ts';
import { Cluster } from '../cluster.ts';
import { residentMiB } from '../processes.ts';
import { Verdict } from '../verdict.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '100' }, most: { type: 'string', default: '30' } },
});
interface FileState {
  extraction: { status: string };
}

const MEBIBYTE = 1024 * 1024;
const size = Number(values.megabytes) * MEBIBYTE;
const most = Number(values.most);

async function measure(
  s3: S3Server | undefined,
): Promise<{ grown: number; seconds: number; equal: boolean }> {
  const env = { FILES_MAX_BYTES: String(2 * size), FILES_BYTES_PER_USER: String(4 * size), ...s3?.env };
  const cluster = await Cluster.start({ processes: 1, sqlite: true, env });
  const [api] = cluster.apis;
  const client = await cluster.register();
  const send = async (bytes: number, byte: string): Promise<void> => {
    const upload = await beginUpload({ api: api! }, client, 'files', bytes);
    await upload.write(bytes, byte);
    const answer = await upload.end();
    if (!answer.startsWith('HTTP/1.1 201')) throw new Error(answer);
  };
  for (const letter of 'abc') await send(12 * MEBIBYTE, letter);
  // A process without Redis reads them itself, which is another matter.
  await eventually(async () => {
    const { items } = (await client.get('files')).body;
    return items.every((file: FileState) => ['done', 'failed'].includes(file.extraction.status));
  }, 120_000);
  const before = residentMiB(api!.pid);
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMiB(api!.pid));
  }, 20);
  const from = performance.now();
  await send(size, 'x');
  const seconds = (performance.now() - from) / 1_000;
  clearInterval(timer);
  const [{ id, sha256 }] = (await client.get('files')).body.items;
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const { bytes } = await client.get(`files/${id}/content`);
  const equal = hash(bytes) === sha256 && hash(Buffer.alloc(size, 'x')) === sha256;
  await cluster.stop();
  return { grown: peak - before, seconds, equal };
}

const verdict = new Verdict();
const server = await new S3Server().start();
for (const [where, s3] of [
  ['disk', undefined],
  ['object storage', server],
] as const) {
  const { grown, seconds, equal } = await measure(s3);
  console.log(
    `${where}: ${values.megabytes} MiB in ${seconds.toFixed(1)} s, ${grown.toFixed(1)} MiB more memory`,
  );
  verdict.check(`${where}: memory grows by less than ${most} MiB`, grown < most);
  verdict.check(`${where}: what is stored is what was sent`, equal);
}
await server.stop();
verdict.exit();
