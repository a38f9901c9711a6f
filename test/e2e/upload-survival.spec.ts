import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { FILE } from '../support/openapi-samples.ts';
import { useApi } from '../support/suite.ts';

const MEBIBYTE = 1024 * 1024;
const PATH = '/api/v1/speech/transcriptions';
const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n';
const END = '\r\n--b--\r\n';

describe('an upload', () => {
  const ctx = useApi({ whisper: true });

  /** Begins to send a file of so many bytes, and sends nothing of it. */
  function begin({ token }: ApiClient, size: number): Socket {
    const { hostname, port } = new URL(ctx.api.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    const headers = [
      ...['Host: x', `Authorization: Bearer ${token}`, 'Content-Type: multipart/form-data; boundary=b'],
      `Content-Length: ${HEAD.length + size + END.length}`,
    ];
    socket.write(`POST ${PATH} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${HEAD}`);
    return socket;
  }

  /** Waits for a reader that is slower. */
  async function write(socket: Socket, bytes: Buffer): Promise<void> {
    if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve));
  }

  const parts = (): string[] => {
    try {
      return readdirSync(`${ctx.dataDir}/files/parts`);
    } catch {
      return [];
    }
  };

  const rows = async (table: string) => Number((await ctx.query(`SELECT COUNT(*) AS n FROM ${table}`))[0].n);

  it('whose process is killed leaves no file, and soon no bytes', async () => {
    const client = await ctx.register();
    const socket = begin(client, 20 * MEBIBYTE);
    await write(socket, Buffer.alloc(5 * MEBIBYTE, 7));
    await expect.poll(parts, { timeout: 10_000 }).toHaveLength(1);
    await ctx.api.kill();
    await ctx.restart();
    expect([await rows('stored_files'), await rows('transcriptions')]).toEqual([0, 0]);
    const removals = await ctx.query('SELECT storage_key, attempts FROM blob_removals');
    expect(removals).toEqual([{ storage_key: parts()[0], attempts: 0 }]);
    // An hour later.
    await ctx.query(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000'`);
    await expect.poll(parts, { timeout: 15_000 }).toEqual([]);
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
  });

  it('whose sender goes away leaves nothing', async () => {
    const client = await ctx.register();
    for (let n = 0; n < 10; n += 1) {
      const socket = begin(client, 20 * MEBIBYTE);
      await write(socket, Buffer.alloc(MEBIBYTE, 7));
      await expect.poll(parts, { timeout: 10_000 }).toHaveLength(1);
      socket.resetAndDestroy();
      await expect.poll(parts, { timeout: 10_000 }).toEqual([]);
    }
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
    expect([await rows('stored_files'), await rows('transcriptions')]).toEqual([0, 0]);
  });

  it('of 100 MB takes no memory to speak of', async () => {
    const client = await ctx.register();
    const peak = () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${ctx.api.pid}/status`, 'utf8'))![1]) / 1024;
    // What a first request takes is not the file's.
    await client.post('speech/transcriptions', new FormData());
    const before = peak();
    const size = 100 * MEBIBYTE;
    const socket = begin(client, size);
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    const header = Buffer.from(await FILE.arrayBuffer()).subarray(0, 44);
    await write(socket, header);
    for (let left = size - header.length; left > 0; left -= MEBIBYTE)
      await write(socket, Buffer.alloc(Math.min(left, MEBIBYTE)));
    socket.write(END);
    expect(await answer).toMatch(/^HTTP\/1.1 202 /);
    const grown = peak() - before;
    socket.destroy();
    expect(grown, `${Math.round(grown)} MiB more`).toBeLessThan(64);
  });
});
