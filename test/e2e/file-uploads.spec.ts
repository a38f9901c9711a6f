import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { attachFiles, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { contentTypes, DOCX, PNG, upload, uploadForm, zipOf } from '../support/uploads.ts';

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const text = (size = 1_000) => randomBytes(size / 2).toString('hex');

describe('uploads of pictures and documents', () => {
  const ctx = useApi({
    env: { FILES_MAX_BYTES: '3000000', FILES_PER_USER: '15', FILES_BYTES_PER_USER: '8000000' },
  });

  /** Every blob on the disk, and every part of one. */
  const blobs = (): string[] =>
    existsSync(`${ctx.dataDir}/files`)
      ? readdirSync(`${ctx.dataDir}/files`, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];

  const filesOf = ({ account }: ApiClient) =>
    ctx.query('SELECT id, storage_key FROM stored_files WHERE owner_id = ? ORDER BY id', [account.id]);

  /** Nothing waits to be removed, and what there is belongs to a row; soon, because pictures are being read. */
  async function expectTidy(): Promise<void> {
    const state = async () => {
      const keys = await ctx.query('SELECT storage_key, preview_key FROM stored_files');
      const known = keys.flatMap(({ storage_key: key, preview_key: preview }) => [key, preview ?? []].flat());
      const unknown = blobs().filter((key) => !known.includes(key));
      const missing = known.filter((key) => !blobs().includes(key));
      return { unknown, missing, waiting: await ctx.query('SELECT storage_key FROM blob_removals') };
    };
    await expect.poll(state, { timeout: 20_000 }).toEqual({ unknown: [], missing: [], waiting: [] });
  }

  it('stores several at once, each as its bytes say, and gives them back', async () => {
    const client = await ctx.register();
    const docx = await zipOf({
      '[Content_Types].xml': contentTypes(`${DOCX}.main+xml`),
      'word/document.xml': '<w/>',
    });
    const sent: [string, Buffer | string, string, string][] = [
      ['茶 “a”.txt', '春眠不觉晓', 'text/plain', 'document'],
      ['../notes.md', '# Tea', 'text/markdown', 'document'],
      ['picture.txt', PNG, 'image/png', 'picture'],
      ['report.zip', docx, DOCX, 'document'],
    ];
    const { status, body } = await upload(
      client,
      ...sent.map(([name, bytes]): [string, Buffer | string] => [name, bytes]),
    );
    expect(status).toBe(201);
    expect(body.items).toHaveLength(4);
    for (const [index, [name, bytes, mediaType, kind]] of sent.entries()) {
      const file = body.items[index];
      expect(file).toMatchObject({
        ...{ name: name.replace('../', ''), mediaType, kind, size: Buffer.from(bytes as Buffer).length },
        ...{ sha256: sha256(bytes), conversationId: null, width: null, height: null },
      });
      expect(file.extraction).toMatchObject({ error: null });
      const content = await client.get(`files/${file.id}/content`, { expect: 200 });
      expect(content.bytes.equals(Buffer.from(bytes as Buffer))).toBe(true);
      expect(content.headers['content-type']).toMatch(mediaType);
      const again = (await client.get(`files/${file.id}`, { expect: 200 })).body;
      expect({ ...again, extraction: null, width: null, height: null }).toEqual({
        ...file,
        extraction: null,
      });
    }
  });

  it('lists what was uploaded, newest first, page by page, and what else there is by its kind', async () => {
    const client = await ctx.register();
    expect((await client.get('files')).body).toEqual({ items: [], nextCursor: null });
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { body } = await upload(
        client,
        [`${n}.txt`, text()],
        [`${n}.png`, Buffer.concat([PNG, randomBytes(n + 1)])],
      );
      ids.unshift(...body.items.map(({ id }: { id: number }) => id).toReversed());
    }
    const recording = await storeFile(ctx, client.account.id, Buffer.from('sound'));
    const made = await storeFile(ctx, client.account.id, Buffer.from('zip'), { kind: 'export' });
    const idsOf = (items: { id: number }[]) => items.map(({ id }) => id);
    expect(idsOf((await client.get('files')).body.items)).toEqual(ids);
    const pages: number[][] = [];
    for (let query = '?limit=4'; query !== '';) {
      const { body } = await client.get(`files${query}`, { expect: 200 });
      pages.push(idsOf(body.items));
      query = body.nextCursor ? `?limit=4&cursor=${body.nextCursor}` : '';
    }
    expect(pages).toEqual([ids.slice(0, 4), ids.slice(4)]);
    const kinds = async (kind: string) => idsOf((await client.get(`files?kind=${kind}`)).body.items);
    expect(await kinds('recording')).toEqual([recording.id]);
    expect(await kinds('export')).toEqual([made.id]);
    expect(await kinds('clip')).toEqual([]);
    expect((await kinds('picture')).length + (await kinds('document')).length).toBe(6);
    expect((await client.get('files?kind=film')).body.errors[0].field).toBe('kind');
  });

  it('stores all of a request or nothing of it', async () => {
    const client = await ctx.register();
    const good: [string, string] = ['a.txt', text(200_000)];
    const cases: [string, FormData, string, string?][] = [
      [
        'a file of no known type',
        uploadForm([good, ['b.txt', randomBytes(5_000)]]),
        '415 unsupported_file',
        'files.1',
      ],
      [
        'SVG',
        uploadForm([['a.png', '<svg xmlns="http://www.w3.org/2000/svg"/>']]),
        '415 unsupported_file',
        'files.0',
      ],
      ['an empty one', uploadForm([good, ['b.txt', '']]), '422 file_empty'],
      ['a large one', uploadForm([good, ['b.txt', text(3_000_002)]]), '413 file_too_large'],
      [
        'too many',
        uploadForm(Array.from({ length: 11 }, (_, n) => [`${n}.txt`, text()])),
        '400 invalid_input',
        'files',
      ],
    ];
    const other = uploadForm([good]);
    other.append('nonsense', '1');
    cases.push(['a text beside it', other, '400 invalid_input', 'nonsense']);
    for (const [what, form, refusal, field] of cases) {
      const { status, body } = await client.post('files', form);
      expect([what, `${status} ${body.code}`, body.errors?.[0].field]).toEqual([what, refusal, field]);
    }
    expect(await filesOf(client)).toEqual([]);
    await expectTidy();
  });

  describe('of what there is already', () => {
    it('stores nothing, and answers with what there is', async () => {
      const client = await ctx.register();
      const [bytes, others] = [text(), text()];
      const [first] = (await upload(client, ['first.txt', bytes])).body.items;
      const { body } = await upload(
        client,
        ['other.txt', others],
        ['second.md', bytes],
        ['third.txt', others],
      );
      const [other, second, third] = body.items;
      expect([second.id, second.name, second.mediaType]).toEqual([first.id, 'first.txt', 'text/plain']);
      expect([third.id, third.name]).toEqual([other.id, 'other.txt']);
      expect(await filesOf(client)).toHaveLength(2);
      await expectTidy();
    });

    it('is another matter for somebody else, and for recordings', async () => {
      const [anna, bert] = await Promise.all([ctx.register(), ctx.register()]);
      const bytes = text();
      await storeFile(ctx, bert.account.id, Buffer.from(bytes));
      const ids = await Promise.all(
        [anna, bert].map(
          async (client) => (await upload(client, ['a.txt', bytes])).body.items[0].id as number,
        ),
      );
      expect(new Set(ids).size).toBe(2);
      await anna.delete(`files/${ids[0]}`, undefined, { expect: 204 });
      expect((await bert.get(`files/${ids[1]}/content`)).bytes.toString()).toBe(bytes);
    });

    it('is stored once by many that come at once', async () => {
      const client = await ctx.register();
      const [bytes, others] = [text(), text()];
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => upload(client, [`${n}.txt`, bytes], [`${n}.md`, others])),
      );
      const ids = answers.map(({ body }) => body.items.map(({ id }: { id: number }) => id).join());
      expect(new Set(ids).size).toBe(1);
      expect(await filesOf(client)).toHaveLength(2);
      await expectTidy();
    });

    it('can come again when it was deleted', async () => {
      const client = await ctx.register();
      const bytes = text();
      const [first] = (await upload(client, ['a.txt', bytes])).body.items;
      await client.delete(`files/${first.id}`, undefined, { expect: 204 });
      const [second] = (await upload(client, ['a.txt', bytes])).body.items;
      expect(second.id).not.toBe(first.id);
      expect((await client.get(`files/${second.id}/content`)).bytes.toString()).toBe(bytes);
    });
  });

  describe('beyond what a user may have', () => {
    it('are refused by their number, and come when there is room again', async () => {
      const client = await ctx.register();
      const many = (count: number) =>
        Array.from({ length: count }, (_, n): [string, string] => [`${n}.txt`, text()]);
      const { body } = await upload(client, ...many(10));
      expect((await upload(client, ...many(6))).body).toMatchObject({
        ...{ status: 409, code: 'too_many_files', limit: 15, used: 10 },
      });
      expect(await filesOf(client)).toHaveLength(10);
      expect((await upload(client, ...many(5))).status).toBe(201);
      expect((await upload(client, ['a.txt', text()])).body).toMatchObject({
        code: 'too_many_files',
        used: 15,
      });
      // Recordings do not count, and neither does what there is already.
      await client.delete(`files/${body.items[0].id}`, undefined, { expect: 204 });
      await storeFile(ctx, client.account.id, Buffer.from('sound'));
      const again = text();
      const sent = Array.from({ length: 9 }, (_, n): [string, string] => [`${n}.txt`, again]);
      expect((await upload(client, ...sent)).status).toBe(201);
      await expectTidy();
    });

    it('are refused by their bytes', async () => {
      const client = await ctx.register();
      const large = () => text(2_500_000);
      expect((await upload(client, ['a.txt', large()], ['b.txt', large()])).status).toBe(201);
      expect((await upload(client, ['c.txt', large()], ['d.txt', large()])).body).toMatchObject({
        ...{ status: 409, code: 'file_space_used_up', limit: 8_000_000, used: 5_000_000 },
      });
      expect((await upload(client, ['c.txt', large()])).status).toBe(201);
      expect(await filesOf(client)).toHaveLength(3);
      await expectTidy();
    });

    it('are refused too where they come at once', async () => {
      const client = await ctx.register();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => upload(client, ['a.txt', text()], ['b.txt', text()])),
      );
      const withStatus = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
      expect([withStatus(201), withStatus(409)]).toEqual([7, 3]);
      expect(await filesOf(client)).toHaveLength(14);
      await expectTidy();
    });
  });

  describe('that are deleted', () => {
    it('are gone, and soon their bytes and their previews', async () => {
      const client = await ctx.register();
      const [other] = (await upload(client, ['b.txt', text()])).body.items;
      const file = await storeFile(ctx, client.account.id, PNG, { kind: 'picture', mediaType: 'image/png' });
      const preview = await storeFile(ctx, client.account.id, Buffer.from('preview'), { kind: 'export' });
      await ctx.query('DELETE FROM stored_files WHERE id = ?', [preview.id]);
      await ctx.query('UPDATE stored_files SET preview_key = ? WHERE id = ?', [preview.key, file.id]);
      await client.delete(`files/${file.id}`, undefined, { expect: 204 });
      for (const path of [`files/${file.id}`, `files/${file.id}/content`])
        expect((await client.get(path)).status).toBe(404);
      expect((await client.delete(`files/${file.id}`)).status).toBe(404);
      expect((await client.get(`files/${other.id}/content`)).status).toBe(200);
      await expectTidy();
      expect(blobs()).not.toContain(preview.key);
    });

    it('are gone from the messages that carry them, and those stay', async () => {
      const client = await ctx.register();
      const conversation = (await client.post('conversations', {}, { expect: 201 })).body.id as number;
      const { body } = await client.post(`conversations/${conversation}/messages`, { content: 'Hello' });
      const [one, two] = (await upload(client, ['a.txt', text()], ['b.txt', text()])).body.items;
      await attachFiles(ctx, body.userMessage.id, [one.id, two.id]);
      await client.delete(`files/${one.id}`, undefined, { expect: 204 });
      const message = (await client.get(`messages/${body.userMessage.id}`, { expect: 200 })).body;
      expect([message.content, message.files.map(({ id }: { id: number }) => id)]).toEqual([
        'Hello',
        [two.id],
      ]);
    });

    it('are deleted once by many that ask at once', async () => {
      const client = await ctx.register();
      const [file] = (await upload(client, ['a.txt', text()])).body.items;
      const answers = await Promise.all(Array.from({ length: 6 }, () => client.delete(`files/${file.id}`)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 204).length).toBeGreaterThan(0);
      expect(statuses.filter((status) => ![204, 404].includes(status))).toEqual([]);
      await expectTidy();
    });
  });
});
