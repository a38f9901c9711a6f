import { existsSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Answer, ApiClient } from '../support/client.ts';
import { PASSWORD } from '../support/client.ts';
import { attachFiles, blobPath, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';

const BYTES = randomBytes(300_000);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

describe('a stored file', () => {
  const ctx = useApi();

  async function owned(options: Parameters<typeof storeFile>[3] = {}) {
    const client = await ctx.register();
    const file = await storeFile(ctx, client.account.id, BYTES, options);
    return { client, ...file, path: `files/${file.id}/content` };
  }

  const get = (client: ApiClient, path: string, headers: Record<string, string> = {}) =>
    client.get(path, { headers });

  it('is described to its owner', async () => {
    const { client, id } = await owned({ name: '你好 “a”.wav' });
    const { body } = await client.get(`files/${id}`, { expect: 200 });
    expect(body).toEqual({
      ...{ id, name: '你好 “a”.wav', mediaType: 'audio/wav', size: BYTES.length, kind: 'recording' },
      ...{ sha256: SHA256, conversationId: null, createdAt: '2026-11-21T08:30:00.000Z' },
      ...{ extraction: null, width: null, height: null },
    });
  });

  it('comes whole, and says that it never changes and runs nothing', async () => {
    const { client, path } = await owned({ name: "你好 “a”'s.wav" });
    const { status, headers, bytes } = await get(client, path);
    expect([status, bytes.equals(BYTES)]).toEqual([200, true]);
    expect(headers).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(BYTES.length),
      etag: `"${SHA256}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename="__ _a_'s.wav"; filename*=UTF-8''%E4%BD%A0%E5%A5%BD%20%E2%80%9Ca%E2%80%9D%27s.wav`,
    });
    expect(headers.vary).toMatch(/Authorization, Cookie/);
  });

  it.each([
    ['audio/webm', 'inline'],
    ['image/png', 'inline'],
    ['image/jpeg', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/pdf', 'attachment'],
    ['application/zip', 'attachment'],
  ])('of the type %s is sent as %s', async (mediaType, disposition) => {
    const { client, path } = await owned({ name: 'page.html', mediaType });
    const { headers } = await get(client, path);
    expect(headers['content-disposition']).toMatch(new RegExp(`^${disposition}; filename="page.html"`));
    expect(headers['content-type']).toBe(mediaType);
  });

  it('is not sent to who has it', async () => {
    const { client, path } = await owned();
    for (const tag of [`"${SHA256}"`, `W/"${SHA256}"`, `"other", "${SHA256}"`, '*']) {
      const { status, headers, bytes } = await get(client, path, { 'If-None-Match': tag });
      expect([status, bytes.length, headers.etag]).toEqual([304, 0, `"${SHA256}"`]);
    }
    for (const tag of ['"other"', SHA256, ''])
      expect((await get(client, path, { 'If-None-Match': tag })).status).toBe(200);
  });

  it('comes in parts', async () => {
    const { client, path } = await owned();
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=100-65636', 100, 65_636],
      ['bytes=299990-', 299_990, 299_999],
      ['bytes=-10', 299_990, 299_999],
      ['bytes=5-999999', 5, 299_999],
    ];
    for (const [Range, start, end] of ranges) {
      const { status, headers, bytes } = await get(client, path, { Range });
      expect([status, bytes.equals(BYTES.subarray(start, end + 1))]).toEqual([206, true]);
      expect(headers['content-range']).toBe(`bytes ${start}-${end}/300000`);
      expect(headers['content-length']).toBe(String(end - start + 1));
    }
    const part = await get(client, path, { Range: 'bytes=0-9', 'If-Range': `"${SHA256}"` });
    expect(part.status).toBe(206);
    for (const headers of [
      { Range: 'bytes=0-1,5-6' },
      { Range: 'items=0-1' },
      { Range: 'bytes=0-9', 'If-Range': '"other"' },
    ] as Record<string, string>[]) {
      const { status, bytes } = await get(client, path, headers);
      expect([status, bytes.length]).toEqual([200, BYTES.length]);
    }
  });

  it('has nothing behind its end', async () => {
    const { client, path } = await owned();
    const { status, headers, body } = await get(client, path, { Range: 'bytes=300000-' });
    expect([status, body.code, headers['content-range']]).toEqual([
      ...[416, 'range_not_satisfiable', 'bytes */300000'],
    ]);
    expect(headers['cache-control'] ?? '').not.toMatch(/immutable/);
  });

  it('can be asked about', async () => {
    const { client, path } = await owned();
    for (const headers of [{}, { Range: 'bytes=0-9' }] as Record<string, string>[]) {
      const head = await client.request('HEAD', path, { headers });
      expect([head.status, head.bytes.length]).toEqual([200, 0]);
      expect(head.headers).toMatchObject({ 'content-length': '300000', etag: `"${SHA256}"` });
    }
  });

  it('whose bytes are lost is our mistake, and no storage is one for later', async () => {
    const { client, path, key } = await owned();
    const root = `${ctx.dataDir}/files`;
    renameSync(root, `${root}.away`);
    writeFileSync(root, '');
    const away = await get(client, path);
    expect([away.status, away.body.code, away.headers['retry-after']]).toEqual([
      ...[503, 'storage_unavailable', '2'],
    ]);
    expect(away.headers['cache-control'] ?? '').not.toMatch(/immutable/);
    rmSync(root);
    renameSync(`${root}.away`, root);
    expect((await get(client, path)).status).toBe(200);
    rmSync(blobPath(ctx, key));
    expect((await get(client, path)).body.code).toBe('internal_error');
  });

  it('is let go of when its reader leaves', async () => {
    const client = await ctx.register();
    const { id } = await storeFile(ctx, client.account.id, Buffer.alloc(50_000_000));
    const linksTo = (fd: string): boolean => {
      try {
        return readlinkSync(`/proc/${ctx.api.pid}/fd/${fd}`).startsWith(`${ctx.dataDir}/files/`);
      } catch {
        return false;
      }
    };
    const open = () => readdirSync(`/proc/${ctx.api.pid}/fd`).filter(linksTo).length;
    const { hostname, port } = new URL(ctx.api.url);
    for (let n = 0; n < 5; n += 1) {
      const socket = connect(Number(port), hostname);
      socket.write(
        `GET /api/v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.token}\r\n\r\n`,
      );
      await new Promise((resolve) => socket.once('data', resolve));
      socket.pause();
      expect(open()).toBe(1);
      socket.resetAndDestroy();
      await expect.poll(open, { timeout: 5_000 }).toBe(0);
    }
  });

  describe('of a message', () => {
    async function told() {
      const client = await ctx.register();
      const conversation = (await client.post('conversations', {}, { expect: 201 })).body.id as number;
      const send = () =>
        client.post(`conversations/${conversation}/messages`, { content: 'Hello' }, { expect: 201 });
      const [first, second] = [(await send()).body, (await send()).body];
      const files = [
        await storeFile(ctx, client.account.id, BYTES, { conversationId: conversation, name: 'b.wav' }),
        await storeFile(ctx, client.account.id, BYTES, { conversationId: conversation, name: 'a.wav' }),
      ];
      const ids = files.map(({ id }) => id);
      await attachFiles(ctx, first.userMessage.id, ids);
      return { client, conversation, first, second, ids, files };
    }

    const filesOf = (message: { files: { id: number }[] }) => message.files.map(({ id }) => id);

    it('is named wherever the message is', async () => {
      const { client, conversation, first, ids } = await told();
      const shown = { mediaType: 'audio/wav', size: BYTES.length, kind: 'recording' };
      const expected = [
        { id: ids[0], name: 'b.wav', ...shown },
        { id: ids[1], name: 'a.wav', ...shown },
      ];
      expect(first.userMessage.files).toEqual([]);
      expect((await client.get(`messages/${first.userMessage.id}`)).body.files).toEqual(expected);
      for (const query of ['', '?branch=active', '?limit=3']) {
        const { body } = await client.get(`conversations/${conversation}/messages${query}`);
        const carried = body.items.map(filesOf).flat();
        expect(carried).toEqual(query === '?limit=3' ? [] : ids);
      }
      const answers: Answer[] = [
        await client.post(`messages/${first.assistantMessage.id}/regenerate`, {}, { expect: 201 }),
      ];
      for (const { body } of answers) expect(body.userMessage.files).toEqual(expected);
      const stream = await client.stream(`messages/${answers[0]!.body.assistantMessage.id}/events`);
      const created = await stream.nextOf('message.created');
      expect((created.data as { userMessage: object }).userMessage).toMatchObject({ files: expected });
      stream.close();
    });

    it('is told again when a turn is told from its rows', async () => {
      const { client, first, ids } = await told();
      // Streams are forgotten, in the process or in Redis.
      await ctx.redis?.restart();
      await ctx.restart();
      const stream = await client.stream(`messages/${first.assistantMessage.id}/events`);
      const created = await stream.nextOf('message.created');
      expect(filesOf((created.data as { userMessage: { files: { id: number }[] } }).userMessage)).toEqual(
        ids,
      );
      stream.close();
    });

    it('goes with its conversation, and soon its bytes', async () => {
      const { client, conversation, ids, files } = await told();
      const other = await told();
      await client.delete(`conversations/${conversation}`, undefined, { expect: 204 });
      for (const id of ids) expect((await client.get(`files/${id}`)).status).toBe(404);
      await expectGone(files.map(({ key }) => key));
      for (const { key } of other.files) expect(existsSync(blobPath(ctx, key))).toBe(true);
    });

    it('goes with its owner, and soon its bytes', async () => {
      const { client, files } = await told();
      const other = await told();
      await client.delete('users/me', { password: PASSWORD }, { expect: 204 });
      await expectGone(files.map(({ key }) => key));
      for (const id of other.ids) expect((await other.client.get(`files/${id}/content`)).status).toBe(200);
    });

    async function expectGone(keys: string[]): Promise<void> {
      const left = () => keys.filter((key) => existsSync(blobPath(ctx, key)));
      await expect.poll(left, { timeout: 15_000 }).toEqual([]);
      const rows = () => ctx.query('SELECT * FROM blob_removals');
      await expect.poll(rows, { timeout: 15_000 }).toEqual([]);
    }
  });
});
