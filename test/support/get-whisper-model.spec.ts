import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './child.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/get-whisper-model');
const MODEL = randomBytes(3_000_000);
const SUM = createHash('sha256').update(MODEL).digest('hex');

/** From where there was something. */
const PART = /^bytes=[1-9]\d*-$/;

interface Outcome {
  code: number;
  path: string;
  said: string;
}

let server: Server;
let dir: string;
/** What a request is answered with; the ranges that were asked for. */
let play: (request: IncomingMessage, response: ServerResponse) => void;
let ranges: (string | undefined)[];

beforeEach(async () => {
  dir = join(temporaryFolder('models'), 'deep/models');
  ranges = [];
  play = serve;
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    play(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** As a hub serves: a part where one is asked for. @param upTo bytes are sent of it, and then the line breaks */
function serve(request: IncomingMessage, response: ServerResponse, upTo = MODEL.length): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= MODEL.length) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': MODEL.length - from });
  const cut = () => response.destroy();
  if (upTo < MODEL.length)
    response.write(MODEL.subarray(from, Math.max(upTo, from)), () => setTimeout(cut, 50));
  else response.end(MODEL.subarray(from));
}

function get(...args: string[]): Promise<Outcome> {
  const { port } = server.address() as AddressInfo;
  const options = ['--dir', dir, '--base-url', `http://127.0.0.1:${port}/some/repo/`, '--retry-ms', '10'];
  return new Promise((resolve) => {
    const child = execFile(SCRIPT, [...options, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, path: stdout.trim(), said: stderr }),
    );
  });
}

/** A model that is not in the list, whose sum the caller says. */
const getOwn = (sum = SUM) => get('mine', '--sha256', sum);
const file = () => join(dir, 'ggml-mine.bin');

describe('scripts/get-whisper-model', { timeout: 30_000 }, () => {
  it('downloads a model, says where it is, and leaves it there', async () => {
    let path: string | undefined;
    play = (request, response) => {
      path = request.url;
      serve(request, response);
    };
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
    expect(path).toBe('/some/repo/ggml-mine.bin');
    expect(readFileSync(file()).equals(MODEL)).toBe(true);
    expect(readdirSync(dir)).toEqual(['ggml-mine.bin']);
    expect(await getOwn(SUM.toUpperCase())).toMatchObject({ code: 0, path: file() });
    expect(ranges).toHaveLength(1);
  });

  it('follows to where the file is', async () => {
    play = (request, response) => {
      if (request.url === '/elsewhere') serve(request, response);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
  });

  it('goes on where a connection broke', async () => {
    play = (request, response) => serve(request, response, ranges.length === 1 ? 1_000_000 : MODEL.length);
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
    expect(ranges).toEqual([undefined, expect.stringMatching(PART)]);
  });

  it('goes on where an earlier start stopped', async () => {
    play = (request, response) => serve(request, response, 1_000_000);
    const stopped = await getOwn();
    expect(stopped).toMatchObject({ code: 1, path: '' });
    expect(stopped.said).toContain('start again to go on');
    expect(readdirSync(dir)).toEqual(['ggml-mine.bin.part']);
    play = serve;
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
    expect(ranges.at(-1)).toMatch(PART);
    expect(readFileSync(file()).equals(MODEL)).toBe(true);
  });

  it('begins again where the server sends no parts', async () => {
    play = (_, response) => {
      response.writeHead(200, { 'content-length': MODEL.length });
      if (ranges.length === 1) response.write(MODEL.subarray(0, 500_000), () => response.destroy());
      else response.end(MODEL);
    };
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
    expect(readFileSync(file()).equals(MODEL)).toBe(true);
  });

  it('takes a whole part that was not verified yet', async () => {
    await getOwn();
    writeFileSync(`${file()}.part`, MODEL);
    writeFileSync(file(), '');
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
    expect(readFileSync(file()).equals(MODEL)).toBe(true);
  });

  it('keeps nothing that is not the model', async () => {
    const other = await getOwn('0'.repeat(64));
    expect(other).toMatchObject({ code: 1, path: '' });
    expect(other.said).toContain(`its sha256 is ${SUM}`);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('verifies a known model by what is known of it', async () => {
    const { code, said } = await get('base');
    expect(code).toBe(1);
    expect(said).toContain('not 465707469ff3a37a2b9b8d8f89f2f99de7299dac');
    expect(existsSync(join(dir, 'ggml-base.bin'))).toBe(false);
  });

  it('does not trust a file that is there already', async () => {
    await getOwn();
    writeFileSync(file(), 'other');
    const { code, said } = await getOwn();
    expect(code).toBe(1);
    expect(said).toContain('is there, but its sha256 is');
  });

  it.each([
    [404, 'There is no such model at'],
    [403, 'is not for everybody (403)'],
    [503, 'cannot be reached or breaks off (503)'],
  ])('tells a %d', async (status, expected) => {
    play = (_, response) => void response.writeHead(status).end();
    const { code, said } = await getOwn();
    expect(code).toBe(1);
    expect(said).toContain(expected);
    expect(said.trim().split('\n')).toHaveLength(2);
  });

  it('tries what may pass again', async () => {
    play = (request, response) => {
      if (ranges.length < 3) response.writeHead(503).end();
      else serve(request, response);
    };
    expect(await getOwn()).toMatchObject({ code: 0, path: file() });
  });

  it.each([['huge'], ['../base'], ['a b', '--sha256', SUM], [], ['base', 'tiny'], ['base', '--what']])(
    'does not know %s %s %s',
    async (...args) => {
      const { code, said } = await get(...args.filter((arg) => arg !== undefined));
      expect(code).toBe(1);
      expect(said).toContain('large-v3-turbo');
      expect(ranges).toEqual([]);
    },
  );
});
