import { describe, expect, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import { useApi } from '../support/suite.ts';
import { uploadForm } from '../support/uploads.ts';
import { PIECES } from '../support/upstream/pieces.ts';

describe('assistant: in a closed network', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0', LEGACY_TRUST_CALLER: 'true' } });

  const formOf = (where: 'before' | 'behind', username?: string) => {
    const form = new FormData();
    if (username && where === 'before') form.append('username', username);
    for (const file of uploadForm([['tea.txt', `Oolong ${where}`]]).getAll('files'))
      form.append('files', file);
    if (username && where === 'behind') form.append('username', username);
    return form;
  };

  it('every route believes the user that is named, without a session', async () => {
    const { account, token } = await ctx.register();
    const { username } = account;
    const response = await fetch(`${ctx.api.url}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: '你好', username, conversation_id: null, file_ids: [] }),
    });
    const { content, messageId } = await readAsPage(response.body!);
    expect(content).toBe(PIECES.join(''));
    const get = async (path: string) => (await ctx.client.get(path, { expect: 200 })).body;
    expect((await get(`/api/user/user_info/${username}`)).data).toEqual({ username });
    const [{ id }] = (await get(`/api/conversations/list/${username}`)).conversations;
    expect(await get(`/api/conversations/${id}/history?username=${username}`)).toHaveLength(1);
    expect(
      Array.isArray(await get(`/api/chat/next_suggest/${messageId}?username=${username}&format=x`)),
    ).toBe(true);
    for (const where of ['before', 'behind'] as const) {
      const { body } = await ctx.client.post('/api/file/upload', formOf(where, username), { expect: 200 });
      await ctx.client.as(token).get(`files/${body.file_ids[0]}`, { expect: 200 });
    }
    const path = `/api/conversations/${id}/delete?username=${username}`;
    await ctx.client.delete(path, undefined, { expect: 200 });
  });

  it('an upload that names nobody, or nobody that there is: 401, and nothing is kept', async () => {
    const before = await ctx.query('SELECT id FROM stored_files');
    for (const [where, name] of [
      ['before', undefined],
      ['before', 'nobody-there'],
      ['behind', 'nobody-there'],
    ] as const) {
      const { status, body } = await ctx.client.post('/api/file/upload', formOf(where, name));
      expect([status, body]).toEqual([401, { error: expect.any(String) }]);
    }
    expect(await ctx.query('SELECT id FROM stored_files')).toEqual(before);
    await expect
      .poll(() => ctx.query('SELECT storage_key FROM blob_removals'), { timeout: 10_000 })
      .toEqual([]);
  });

  it('a session still counts: another user’s name is refused; and a wrong token is no session', async () => {
    const client = await ctx.register();
    const other = await ctx.register();
    const upload = (token: string) =>
      ctx.client.as(token).post('/api/file/upload', formOf('before', other.account.username));
    expect((await upload(client.token!)).status).toBe(403);
    expect((await upload('nonsense')).status).toBe(401);
  });
});
