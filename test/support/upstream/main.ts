import { parseArgs } from 'node:util';
import { HELP } from './switches.ts';
import { startUpstream } from './upstream.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4010' },
    host: { type: 'string', default: '127.0.0.1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(`node test/support/upstream/main.ts [--port 4010] [--host 127.0.0.1]\n\n${HELP}`);
} else {
  const upstream = await startUpstream({ port: Number(values.port), host: values.host });
  console.log(`Test upstream at ${upstream.url}, with any key but sk-bad

  OPENAI_BASE_URL=${upstream.url}/v1   OPENAI_API_KEY=sk-test
  BAILIAN_BASE_URL=${upstream.url}     DASHSCOPE_API_KEY=sk-test

${HELP}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void upstream.close());
}
