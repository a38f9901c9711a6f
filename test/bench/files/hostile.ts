/**
 * What becomes of files that are made to break whoever reads them: how each ends, how long that takes, the peak memory
 * of its reader, and what the API (SQLite, its own jobs) feels of it. Ends with 1 where one ends otherwise than it must.
 *
 *     node test/bench/files/hostile.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApi } from '../../support/api-process.ts';
import { ApiClient } from '../../support/client.ts';
import { temporaryFolder } from '../../support/child.ts';
import { ENDLESS, type HostileFile, hostileFiles } from '../../support/hostile-documents.ts';
import { query } from '../../support/query.ts';
import { peakOf, readersOf } from '../../support/reader-processes.ts';
import { storeFile } from '../../support/stored-file.ts';

const LOOK_MS = 20;
const IDLE_MS = 6_000;

const dir = temporaryFolder('data');
const DATABASE_URL = `sqlite:${join(dir, 'hostile.sqlite')}`;
const NODE_OPTIONS = `--import=${new URL('../speech/loop-delay.ts', import.meta.url).pathname}`;
const api = await startApi({ dir, env: { DATABASE_URL, NODE_OPTIONS, DOCUMENTS_TIMEOUT_SECONDS: '20' } });
const { account } = await new ApiClient(api.url).register();

const MEDIA_TYPES = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ...{
    csv: 'text/csv',
    markdown: 'text/markdown',
    text: 'text/plain',
    html: 'text/html',
    picture: 'image/png',
  },
};

const residentMib = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))![1]) / 1_024;
const loopDelay = () => [...api.logs().matchAll(/loop delay p99 ([\d.]+)/g)].at(-1)?.[1] ?? '?';
const ctx = {
  dataDir: dir,
  query: (sql: string, values: unknown[] = []) => query(DATABASE_URL, sql, values),
};

async function readOne({ bytes, format }: HostileFile) {
  const { id } = await storeFile(ctx as never, account.id, bytes, {
    name: 'a',
    mediaType: MEDIA_TYPES[format],
  });
  const before = residentMib();
  const values = ['document', 'queued', '2026-01-01 00:00:00.000', id];
  await ctx.query(
    'UPDATE stored_files SET kind = ?, extraction = ?, extraction_due_at = ? WHERE id = ?',
    values,
  );
  let peak = 0;
  let begunAt: number | undefined;
  for (;;) {
    for (const pid of readersOf(api.pid)) {
      begunAt ??= performance.now();
      peak = Math.max(peak, peakOf(pid));
    }
    const [row] = await ctx.query('SELECT extraction, extraction_error FROM stored_files WHERE id = ?', [id]);
    const { extraction, extraction_error: code } = row as {
      extraction: string;
      extraction_error: string | null;
    };
    const seconds = begunAt === undefined ? 0 : (performance.now() - begunAt) / 1_000;
    if (/done|failed/.test(extraction))
      return { ends: code ?? extraction, seconds, peak, growth: residentMib() - before };
    await sleep(LOOK_MS);
  }
}

await sleep(IDLE_MS);
const idle = loopDelay();
api.signal('SIGWINCH');
const files = [...(await hostileFiles()), ENDLESS];
let wrong = 0;
console.log('| file | bytes | ends | seconds | peak MiB of the reader | growth MiB of the API |');
console.log('| --- | --- | --- | --- | --- | --- |');
const first = residentMib();
for (const file of files) {
  const { ends, seconds, peak, growth } = await readOne(file);
  const isWrong = ends !== file.ends;
  if (isWrong) wrong += 1;
  const figures = [seconds.toFixed(1), peak.toFixed(0), growth.toFixed(1)].join(' | ');
  console.log(
    `| ${file.what} | ${file.bytes.length} | ${ends}${isWrong ? ` (not ${file.ends})` : ''} | ${figures} |`,
  );
}
await sleep(1_500);
console.log(
  `${files.length} files, ${wrong} end otherwise than they must. The API grew by ${(residentMib() - first).toFixed(0)} MiB; ` +
    `its event loop was late by ${loopDelay()} ms at p99, ${idle} ms idle.`,
);
await api.stop();
process.exitCode = wrong > 0 ? 1 : 0;
