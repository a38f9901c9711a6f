import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DocumentReader } from './document-reader.js';
import type { Passage, ReadingResult } from './reading.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a child process needs to say something. */
const SAY = `
import { readFileSync, readSync, writeSync } from 'node:fs';
const say = (type, body) => {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(Buffer.byteLength(body), 1);
  writeSync(3, Buffer.concat([header, Buffer.from(body)]));
};
const passages = (...batch) => say(0, JSON.stringify(batch));
const end = (what) => say(2, JSON.stringify(what));
const DONE = { result: { pages: 1, width: null, height: null } };
const ONE = { page: 1, label: null, text: 'x', tokens: 1 };
`;

interface Told {
  passages: Passage[];
  previews: Buffer[];
}

/** Reads with a child process that does what the code says. */
async function read(code: string, slowly = 0, timeoutMs = 2_000): Promise<ReadingResult & Told> {
  const entry = join(folder, `${Math.random()}.mjs`);
  writeFileSync(entry, SAY + code);
  const file = join(folder, 'file');
  writeFileSync(file, 'the file');
  const reader = new DocumentReader({
    entry,
    readable: [folder],
    timeoutMs,
    memoryBytes: 256 * 2 ** 20,
  });
  const told: Told = { passages: [], previews: [] };
  const sink = {
    passages: async (batch: Passage[]) => {
      await new Promise((resolve) => setTimeout(resolve, slowly));
      told.passages.push(...batch);
    },
    preview: async (jpeg: Buffer) => void told.previews.push(jpeg),
  };
  const result = await reader.read(openSync(file, 'r'), 'text', sink, new AbortController().signal);
  return { ...result, ...told };
}

describe('a reader’s child process', { timeout: 60_000 }, () => {
  it('is given the file, and is listened to', async () => {
    const code = `const b = Buffer.alloc(8); readSync(4, b, 0, 8, 0); passages({ ...ONE, text: b.toString() }); say(1, 'jpeg'); end(DONE);`;
    expect(await read(code)).toEqual({
      ...{ pages: 1, width: null, height: null, previews: [Buffer.from('jpeg')] },
      passages: [{ page: 1, label: null, text: 'the file', tokens: 1 }],
    });
  });

  it('knows nothing of this process, and may do nothing', async () => {
    const code = `
      const tries = {
        file: () => readFileSync('/etc/hostname'),
        program: () => process.getBuiltinModule('child_process').execSync('true'),
        library: () => process.dlopen({ exports: {} }, '/nowhere.node'),
      };
      const denied = Object.keys(tries).filter((name) => { try { tries[name](); } catch (e) { return /DENIED|DISABLED/.test(e.code); } });
      passages({ ...ONE, text: JSON.stringify([Object.keys(process.env), denied]) });
      end(DONE);`;
    process.env['PARLEY_TEST_SECRET'] = 'secret';
    const { passages } = await read(code);
    expect(JSON.parse(passages[0]!.text)).toEqual([[], ['file', 'program', 'library']]);
  });

  it('says why it cannot go on', async () => {
    await expect(read(`end({ failure: 'no_text' })`)).rejects.toMatchObject({ code: 'no_text' });
  });

  it.each([
    ['ends without a word', ''],
    ['ends with an error', 'throw new Error()'],
    ['ends within a frame', 'writeSync(3, Buffer.from([0, 0, 0, 0, 9, 1]))'],
    ['says what is no frame', `writeSync(3, 'Hello, this is no frame')`],
    ['says a frame that is too long', 'writeSync(3, Buffer.from([0, 255, 255, 255, 255]))'],
    ['says what is no JSON', `say(0, '[{')`],
    ['says a passage without a text', 'passages({ ...ONE, text: 5 }); end(DONE)'],
    ['says a page that cannot be', 'passages({ ...ONE, page: 1e9 }); end(DONE)'],
    ['says a label that cannot be', `passages({ ...ONE, label: 'x'.repeat(201) }); end(DONE)`],
    ['says a failure that there is not', `end({ failure: 'rm -rf' })`],
    ['says no result', 'end({})'],
    [
      'says more than a document can have',
      `for (let n = 0; n < 6; n += 1) passages({ ...ONE, text: 'x'.repeat(1_000_000) }); end(DONE)`,
    ],
    ['is killed', `process.kill(process.pid, 'SIGKILL'); for (;;);`],
  ])('that %s has crashed', async (_what, code) => {
    await expect(read(code)).rejects.toMatchObject({ code: 'extraction_crashed' });
  });

  it.each([
    ['runs in circles', 'for (;;);'],
    ['waits for ever', 'setInterval(() => undefined, 1_000)'],
    ['does not end when it has said something', `passages(ONE); setInterval(() => undefined, 1_000)`],
  ])('that %s takes too long', async (_what, code) => {
    await expect(read(code)).rejects.toMatchObject({ code: 'extraction_timeout' });
  });

  it('has no more time for what it says while nobody takes it', async () => {
    const { passages } = await read(`passages(ONE); passages(ONE); passages(ONE); end(DONE)`, 900);
    expect(passages).toHaveLength(3);
  });

  it.each([
    ['in JavaScript', 'const all = []; for (;;) all.push({ a: [1, 2, 3] });'],
    ['beside it', 'const all = []; setInterval(() => all.push(Buffer.alloc(20e6, 1)), 20);'],
  ])('takes no more memory than it may, %s', async (_where, code) => {
    // On a busy machine it takes its time to use up what it may.
    await expect(read(code, 0, 60_000)).rejects.toMatchObject({ code: 'extraction_memory' });
  });

  it('is ended when what it says is not wanted', async () => {
    const entry = join(folder, 'wanted.mjs');
    writeFileSync(entry, `${SAY} passages(ONE); for (;;);`);
    const reader = new DocumentReader({
      entry,
      readable: [folder],
      timeoutMs: 60_000,
      memoryBytes: 256 * 2 ** 20,
    });
    const sink = {
      passages: () => Promise.reject(new Error('not wanted')),
      preview: () => Promise.resolve(),
    };
    const fd = openSync(entry, 'r');
    await expect(reader.read(fd, 'text', sink, new AbortController().signal)).rejects.toThrow('not wanted');
  });
});
