/**
 * Every fault of the test upstream, through the whole API, for each of the three protocols: what the client saw, what
 * the row says, and how often the upstream was asked. Ends with 1 where a client and its row disagree, a turn is left
 * running, or the log has an unhandled rejection or a provider's message.
 *
 *     node test/bench/faults.ts [--protocol openai|compatible|app] [--only reset] [--json faults.json]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'libsql';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { beginWith, textOf } from '../support/talk.ts';
import { SECRET_MESSAGE } from '../support/upstream/protocol.ts';
import { startUpstream } from '../support/upstream/upstream.ts';
import { faultsOf, type FaultProtocol } from './faults.list.ts';
import { table } from './report.ts';

const PARALLEL = 8;

const { values } = parseArgs({
  options: { protocol: { type: 'string' }, only: { type: 'string' }, json: { type: 'string' } },
});

const upstream = await startUpstream();
const bailian = { LLM_PROVIDER: 'bailian', DASHSCOPE_API_KEY: 'test-key', BAILIAN_BASE_URL: upstream.url };
const PROTOCOLS: Record<FaultProtocol, Record<string, string>> = {
  openai: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: `${upstream.url}/v1` },
  compatible: bailian,
  app: { ...bailian, APP_ID: 'app' },
};

interface Seen {
  fault: string;
  http: number;
  event: string;
  code: string;
  status: string;
  errorCode: string;
  providerCode: string;
  kept: number;
  calls: number;
  /** Both answers tell what their rows tell, and end alike. */
  agrees: boolean;
}

/** Talks over the fault twice: once as a stream, once waiting for the whole. */
async function see(client: ApiClient, fault: string, name: string): Promise<Seen> {
  const model = `${name}:${fault}`;
  const id = await beginWith(client, { model });
  const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
  const events = await stream.collect();
  const last = events.at(-1)!;
  const calls = upstream.callsTo(`${name}:`).length;
  const { body: row } = await client.get(`messages/${last.data.message.id}`);
  const again = `${name}b:${fault}`;
  const other = await beginWith(client, { model: again });
  const blocking = await client.post(`conversations/${other}/messages`, { content: 'Go' });
  const whole = blocking.body.assistantMessage;
  const { body: wholeRow } = await client.get(`messages/${whole.id}`);
  const agrees =
    textOf(events) === row.content &&
    last.event === `message.${row.status}` &&
    whole.content === wholeRow.content &&
    [whole.status, whole.error?.code].join() === [row.status, row.error?.code].join();
  return {
    ...{ fault, http: blocking.status, event: last.event, code: last.data.code ?? '' },
    ...{ status: row.status, errorCode: row.error?.code ?? '', providerCode: row.error?.providerCode ?? '' },
    ...{ kept: row.content.length, calls, agrees },
  };
}

async function run(protocol: FaultProtocol): Promise<{ seen: Seen[]; bad: number }> {
  const dir = temporaryFolder('faults');
  const DATABASE_URL = `sqlite:${join(dir, 'faults.sqlite')}`;
  const times = { LLM_MAX_RETRIES: '1', LLM_FIRST_TOKEN_TIMEOUT_MS: '1500', LLM_IDLE_TIMEOUT_MS: '1000' };
  const api = await startApi({ dir, env: { ...PROTOCOLS[protocol], ...times, DATABASE_URL } });
  const client = await new ApiClient(api.url).register();
  upstream.reset();
  const faults = faultsOf(protocol).filter((fault) => fault.includes(values.only ?? ''));
  const seen: Seen[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < faults.length; i = next++) seen[i] = await see(client, faults[i]!, `f${i}`);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  print(protocol, seen);
  return { seen, bad: seen.filter(({ agrees }) => !agrees).length + (await leftOver(api, DATABASE_URL)) };
}

function print(protocol: string, seen: Seen[]): void {
  const rows = [['fault', 'whole', 'last event', 'code', 'row', 'error', 'provider', 'kept', 'calls', '']];
  for (const { fault, http, event, code, status, errorCode, providerCode, kept, calls, agrees } of seen) {
    const row = [fault, String(http), event, code, status, errorCode, providerCode, String(kept)];
    rows.push([...row, String(calls), agrees ? 'agree' : 'DISAGREE']);
  }
  console.log(`\n${protocol}\n\n${table(rows)}\n`);
}

/** Turns that still run, and what must not stand in the log. Stops the process. */
async function leftOver(api: ApiProcess, databaseUrl: string): Promise<number> {
  const database = new Database(databaseUrl.replace('sqlite:', ''), { timeout: 5_000 });
  const sql =
    "SELECT count(*) AS n FROM messages WHERE running_in IS NOT NULL OR status IN ('pending', 'streaming')";
  const { n: running } = database.prepare(sql).get([]) as { n: number };
  database.close();
  const { code } = await api.stop();
  const logs = api.logs();
  const unhandled = [...logs.matchAll(/unhandled|uncaught/gi)].length;
  const leaks = logs.split(SECRET_MESSAGE).length - 1;
  console.log(
    `turns left running: ${running}; unhandled rejections: ${unhandled}; provider's messages in the log: ${leaks}; ` +
      `exit code of the API: ${code}`,
  );
  return running + unhandled + leaks + (code === 0 ? 0 : 1);
}

let bad = 0;
const results: Record<string, Seen[]> = {};
for (const protocol of Object.keys(PROTOCOLS) as FaultProtocol[]) {
  if (values.protocol !== undefined && values.protocol !== protocol) continue;
  const result = await run(protocol);
  results[protocol] = result.seen;
  bad += result.bad;
}
await upstream.close();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.exit(bad === 0 ? 0 : 1);
