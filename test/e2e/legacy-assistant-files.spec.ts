import { existsSync, readdirSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import type { ApiClient } from '../support/client.ts';
import { pdfOf } from '../support/documents.ts';
import { useApi } from '../support/suite.ts';
import { beginWith } from '../support/talk.ts';
import { PNG, type Sent, uploadForm } from '../support/uploads.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const MAX_BYTES = 300_000;
const TEXT: Sent = ['tea.txt', 'Oolong is half oxidized.'];

describe('assistant: POST /api/file/upload', () => {
  const ctx = useApi({
    env: {
      LLM_MAX_RETRIES: '0',
      FILES_MAX_BYTES: String(MAX_BYTES),
      FILES_PER_USER: '5',
      LLM_VISION_MODELS: 'eyes',
    },
  });
  let client: ApiClient;
  let username: string;

  beforeAll(async () => {
    if (ctx.redis) await ctx.startWorker();
  });

  beforeEach(async () => {
    ctx.upstream.reset();
    client = await ctx.register();
    ({ username } = client.account);
  });

  /** A form with its user's name before its files, behind them, or without one. */
  function formOf(files: Sent[], name: string | undefined, where: 'before' | 'behind' = 'before'): FormData {
    const form = new FormData();
    if (name !== undefined && where === 'before') form.append('username', name);
    for (const file of uploadForm(files).getAll('files')) form.append('files', file);
    if (name !== undefined && where === 'behind') form.append('username', name);
    return form;
  }

  const upload = async (files: Sent[], name: string | undefined = username, where?: 'before' | 'behind') => {
    const { status, headers, body } = await client.post('/api/file/upload', formOf(files, name, where));
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    return { status, body };
  };

  const blobs = (): string[] =>
    existsSync(`${ctx.dataDir}/files`)
      ? readdirSync(`${ctx.dataDir}/files`, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];

  /** Nothing of a refused call is kept: no row of the user's, and no blob that no row has. */
  async function expectNothingKept(): Promise<void> {
    expect(await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id])).toEqual(
      [],
    );
    const unknown = async () => {
      const rows = await ctx.query('SELECT storage_key, preview_key FROM stored_files');
      const known = rows.flatMap(({ storage_key: key, preview_key: preview }) => [key, preview]);
      return blobs().filter((key) => !known.includes(key));
    };
    await expect.poll(unknown, { timeout: 10_000 }).toEqual([]);
  }

  it.each(['before', 'behind'] as const)('row: several files, the name %s them', async (where) => {
    const { status, body } = await upload([TEXT, ['picture.png', PNG]], username, where);
    expect(status).toBe(200);
    expect(body).toEqual({ file_ids: [expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)] });
    const kinds = await Promise.all(
      body.file_ids.map((id: string) => client.get(`files/${id}`, { expect: 200 })),
    );
    expect(kinds.map((answer: any) => answer.body.kind)).toEqual(['document', 'picture']);
  });

  it('without a name they are the session’s user’s', async () => {
    expect((await upload([TEXT], undefined)).status).toBe(200);
    const form = formOf([TEXT], undefined);
    form.append('username', '');
    expect((await client.post('/api/file/upload', form)).status).toBe(200);
  });

  it.each(['before', 'behind'] as const)(
    'another user’s name %s the files: 403, nothing kept',
    async (where) => {
      const other = (await ctx.register()).account.username;
      expect(await upload([TEXT], other, where)).toEqual({
        status: 403,
        body: { error: expect.any(String) },
      });
      const both = formOf([TEXT], username);
      both.append('username', other);
      expect((await client.post('/api/file/upload', both)).status).toBe(403);
      await expectNothingKept();
    },
  );

  it('no session: 401', async () => {
    const { status, body } = await client.as(undefined).post('/api/file/upload', formOf([TEXT], username));
    expect([status, body]).toEqual([401, { error: expect.any(String) }]);
    await expectNothingKept();
  });

  it.each([
    ['400: an empty one', ['empty.txt', ''], 400],
    ['413: a large one', ['large.txt', 'x'.repeat(MAX_BYTES + 1)], 413],
    [
      '415: one that is none of what is taken',
      ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
      415,
    ],
  ] as [string, Sent, number][])('one bad file refuses the whole call: %s', async (_what, bad, status) => {
    for (const files of [[bad], [TEXT, bad], [bad, TEXT]])
      expect(await upload(files)).toEqual({ status, body: { error: expect.any(String) } });
    await expectNothingKept();
  });

  it('400: no file, too many at once, no form', async () => {
    const many = Array.from({ length: 11 }, (_, n): Sent => [`${n}.txt`, `text ${n}`]);
    expect((await upload([])).status).toBe(400);
    expect((await upload(many)).status).toBe(400);
    expect((await client.post('/api/file/upload', { username })).status).toBe(415);
    await expectNothingKept();
  });

  it('413: more than a user may have', async () => {
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, n): Sent => [`${n}.txt`, `${username} ${from + n}`]);
    expect((await upload(some(0, 4))).status).toBe(200);
    expect(await upload(some(4, 2))).toEqual({ status: 413, body: { error: expect.any(String) } });
    expect((await upload(some(4, 1))).status).toBe(200);
    expect((await upload(some(5, 1))).status).toBe(413);
  });

  const say = async (file_ids: string[], more: object = {}) => {
    const body = JSON.stringify({
      message: 'What is it?',
      username,
      conversation_id: null,
      file_ids,
      ...more,
    });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${client.token}` };
    return fetch(`${client.baseUrl}/api/chat`, { method: 'POST', headers, body });
  };

  it('a message right behind it waits until they are read, and the model sees their texts', async () => {
    const files: Sent[] = [
      TEXT,
      ['tea.pdf', await pdfOf(['Puer is aged.'])],
      ['t.md', '# Sencha'],
      ['t.csv', 'a,Assam'],
    ];
    const { body } = await upload(files);
    // The same one twice is one.
    const response = await say([...body.file_ids, body.file_ids[0]]);
    expect((await readAsPage(response.body!)).content).toBe(PIECES.join(''));
    const sent = JSON.stringify(ctx.upstream.log[0]!.body);
    for (const text of ['Oolong is half oxidized.', 'Puer is aged.', 'Sencha', 'Assam'])
      expect(sent).toContain(text);
  });

  it('history shows them; their url opens for their owner, with the cookie or a token, and for nobody else', async () => {
    const { body } = await upload([TEXT, ['picture.png', PNG]]);
    const [document, picture] = body.file_ids;
    const id = String(await beginWith(client, { model: 'eyes' }));
    await readAsPage((await say([document, picture], { conversation_id: id })).body!);
    expect(JSON.stringify(ctx.upstream.log[0]!.body)).toContain('data:image/');
    const { body: history } = await client.get(`/api/conversations/${id}/history?username=${username}`);
    expect(history[0].message_files).toEqual([
      { id: document, type: 'document', url: `/api/v1/files/${document}/content`, belongs_to: 'user' },
      { id: picture, type: 'image', url: `/api/v1/files/${picture}/content`, belongs_to: 'user' },
    ]);
    const { url } = history[0].message_files[1];
    const login = await client.post('/api/user/login', { username, password: client.account.password });
    const cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
    for (const caller of [{ headers: { cookie }, token: null }, {}]) {
      const file = await client.get(url, { ...caller, expect: 200 });
      expect([file.headers['content-type'], file.bytes.equals(PNG)]).toEqual(['image/png', true]);
    }
    expect((await client.as(undefined).get(url)).status).toBe(401);
    expect((await (await ctx.register()).get(url)).status).toBe(404);
  });

  it('a picture for a model that cannot see, and a file that could not be read, are refused before the stream', async () => {
    const { body } = await upload([
      ['picture.png', PNG],
      ['broken.pdf', '%PDF-1.7\nnothing'],
    ]);
    const conversation_id = await beginWith(client, { model: 'blind' });
    for (const file of body.file_ids) {
      const response = await say([file], { conversation_id });
      expect(response.status).toBe(422);
      expect(await response.json()).toEqual({ error: expect.any(String) });
    }
    expect(ctx.upstream.log).toEqual([]);
  });

  it('somebody else’s file: as one that does not exist', async () => {
    const { body } = await upload([TEXT]);
    client = await ctx.register();
    ({ username } = client.account);
    const response = await say(body.file_ids);
    expect([response.status, await response.json()]).toEqual([404, { error: '对话或文件不存在' }]);
  });
});
