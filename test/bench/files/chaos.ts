/**
 * Uploads of one to five files, some of them equal, deletions, senders that leave, and API processes that are killed in
 * the middle of it; afterwards rows and storage are compared.
 *
 *     node test/bench/files/chaos.ts [--uploads 200] [--kills 20] [--lanes 4] [--mariadb]
 *
 * When everything has ended, what was announced is made due (an hour in a moment), and when it is removed files:verify
 * must find nothing in either direction; every file that was acknowledged and not deleted is there, byte for byte. Exits
 * with 1 where a promise is broken.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../../support/client.ts';
import { query } from '../../support/query.ts';
import { beginUpload } from '../../support/slow-upload.ts';
import { eventually } from '../../support/talk.ts';
import { upload } from '../../support/uploads.ts';
import { verifyFiles } from '../../support/verify.ts';
import { Cluster } from '../cluster.ts';
import { range } from '../parallel.ts';
import { Verdict } from '../verdict.ts';

const { values } = parseArgs({
  options: {
    uploads: { type: 'string', default: '200' },
    kills: { type: 'string', default: '20' },
    lanes: { type: 'string', default: '4' },
    mariadb: { type: 'boolean', default: false },
  },
});
const MEBIBYTE = 1024 * 1024;
/** Of every process: what is deleted and uploaded again has its own limits elsewhere. */
const env = { FILES_PER_USER: '100000', FILES_BYTES_PER_USER: '100000000000' };

const cluster = await Cluster.start({ processes: 1, sqlite: !values.mariadb, env });
const client = await cluster.register();
const count = { acknowledged: 0, refused: 0, broken: 0, left: 0, deleted: 0, kills: 0 };
/** SHA-256 by id, of what was acknowledged; and what somebody has begun to delete. */
const kept = new Map<number, string>();
const deleting = new Set<number>();
const again = randomBytes(20_000).toString('hex');

let left = Number(values.uploads);
let isUp: Promise<unknown> = Promise.resolve();

function someFiles(): [string, Buffer][] {
  return range(randomInt(1, 6)).map((n) => {
    const bytes = randomInt(8) === 0 ? again : randomBytes(randomInt(1_000, MEBIBYTE)).toString('hex');
    return [`${n}.txt`, Buffer.from(bytes)];
  });
}

async function uploadSome(at: ApiClient): Promise<void> {
  const { status, body } = await upload(at, ...someFiles());
  if (status !== 201) count.refused += 1;
  else for (const { id, sha256 } of body.items) kept.set(id, sha256);
  if (status === 201) count.acknowledged += 1;
}

/** A sender who goes away behind his first, second or third file. */
async function leaveIn(at: ApiClient): Promise<void> {
  const slow = await beginUpload({ api: cluster.apis[0]! }, at, 'files', 10 * MEBIBYTE);
  for (let n = randomInt(3); n > 0; n -= 1) {
    await slow.write(randomInt(1_000, MEBIBYTE), 'abc'[n]);
    await slow.next();
  }
  await slow.write(randomInt(1_000, MEBIBYTE), 'd');
  slow.leave();
  count.left += 1;
}

async function deleteOne(at: ApiClient): Promise<void> {
  const ids = [...kept.keys()].filter((id) => !deleting.has(id));
  const id = ids[randomInt(ids.length + 1)];
  if (id === undefined) return;
  deleting.add(id);
  await at.delete(`files/${id}`);
  count.deleted += 1;
}

async function lane(): Promise<void> {
  while (left > 0) {
    await isUp;
    left -= 1;
    const at = client.at(cluster.url(0));
    const work = randomInt(5) === 0 ? leaveIn : uploadSome;
    const done = Promise.all([work(at), ...(randomInt(3) === 0 ? [deleteOne(at)] : [])]);
    // A process that is killed meanwhile answers nobody.
    await Promise.race([done, sleep(20_000)]).catch(() => (count.broken += 1));
    done.catch(() => undefined);
  }
}

async function killer(): Promise<void> {
  const every = Number(values.uploads) / Number(values.kills);
  for (let next = Number(values.uploads) - every; left > 0; next -= every) {
    while (left > Math.max(0, next)) await sleep(5);
    await sleep(randomInt(60));
    isUp = cluster.apis[0]!.kill().then(() => cluster.startAt(0));
    count.kills += 1;
    await isUp;
  }
}

await Promise.all([killer(), ...range(Number(values.lanes)).map(lane)]);
const database = (sql: string) => query(cluster.databaseUrl, sql);
await database(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000' WHERE attempts = 0`);
await eventually(async () => {
  await database(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000'`);
  return (await database('SELECT storage_key FROM blob_removals')).length === 0;
}, 120_000);

const at = client.at(cluster.url(0));
let wrong = 0;
for (const [id, sha256] of kept) {
  if (deleting.has(id)) continue;
  const { status, bytes } = await at.get(`files/${id}/content`);
  if (status !== 200 || createHash('sha256').update(bytes).digest('hex') !== sha256) wrong += 1;
}
const { code, lines } = await verifyFiles(cluster.apis[0]!.env);
const [{ n }] = await database('SELECT COUNT(*) AS n FROM stored_files');
console.log(
  `${values.uploads} uploads (${values.mariadb ? 'mariadb' : 'sqlite'}): ${JSON.stringify(count)}; ${n} files left`,
);
console.log(lines.at(-1));
const verdict = new Verdict();
verdict.check('no blob without a row, no row without a blob', code === 0);
verdict.check(`acknowledged files are there, byte for byte: ${wrong} of ${kept.size} are not`, wrong === 0);
await cluster.stop();
verdict.exit();
