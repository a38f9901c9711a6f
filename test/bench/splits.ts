/**
 * A 30-piece answer with Chinese and emoji, cut by the upstream into two writes at every byte offset, through the
 * whole API, for each of the three protocols: it must arrive equal every time.
 *
 *     node test/bench/splits.ts [--step 1] [--protocol openai|compatible|app]
 */
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { ApiClient } from '../support/client.ts';
import { beginWith, textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import { startUpstream } from '../support/upstream/upstream.ts';

const PARALLEL = 24;
const ANSWER = PIECES.join('');

const { values } = parseArgs({
  options: { step: { type: 'string', default: '1' }, protocol: { type: 'string' } },
});
const step = Number(values.step);

const upstream = await startUpstream();
const bailian = { LLM_PROVIDER: 'bailian', DASHSCOPE_API_KEY: 'test-key', BAILIAN_BASE_URL: upstream.url };
const PROTOCOLS: Record<string, Record<string, string>> = {
  openai: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: `${upstream.url}/v1` },
  compatible: bailian,
  app: { ...bailian, APP_ID: 'app' },
};

/** Talks once in a conversation whose model is told where to cut; true where the answer arrived as it was sent. */
async function arrivesEqual(client: ApiClient, offset: number): Promise<boolean> {
  const id = await beginWith(client, { model: `m:split=${offset}` });
  const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
  const events = await stream.collect();
  const last = events.at(-1);
  return (
    last?.event === 'message.completed' && textOf(events) === ANSWER && last.data.message.content === ANSWER
  );
}

async function run(protocol: string, env: Record<string, string>): Promise<number> {
  const api = await startApi({ env: { ...env, LLM_MAX_RETRIES: '0' } });
  const client = await new ApiClient(api.url).register();
  upstream.reset();
  await arrivesEqual(client, 1);
  const length = upstream.log[0]!.bytesSent;
  const wrong: number[] = [];
  let next = 1;
  let count = 0;
  const worker = async () => {
    for (let offset = (next += step) - step; offset < length; offset = (next += step) - step) {
      count += 1;
      if (!(await arrivesEqual(client, offset))) wrong.push(offset);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  await api.stop();
  console.log(
    `${protocol}: ${count - wrong.length} of ${count} offsets (${length} bytes) arrived equal`,
    wrong.slice(0, 20),
  );
  return wrong.length;
}

let failures = 0;
for (const [protocol, env] of Object.entries(PROTOCOLS)) {
  if (!values.protocol || values.protocol === protocol) failures += await run(protocol, env);
}
await upstream.close();
process.exit(failures === 0 ? 0 : 1);
