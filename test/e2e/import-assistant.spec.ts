import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDone, type Imported, keysOf, runImport } from '../support/import.ts';
import { chatsOf, comeBack, linesOf, saidIn, werkzeugHash } from '../support/import-talk.ts';
import { ASSISTANT_TABLES, type OldDatabase } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';

const said = (
  id: string,
  conversation_id: string,
  query: string,
  answer: string | null,
  created_at: string | null,
) => ({
  ...{ id, conversation_id, query, answer, created_at },
});

const chat = (id: string, username: string, name: string | null) => ({
  ...{ id, username, name, created_at: '2025-06-01 12:00:00', updated_at: '2025-06-01 12:00:00' },
});

describe('an import of the assistant', { timeout: 120_000 }, () => {
  const ctx = useApi();
  let old: OldDatabase;
  let done: Imported;

  beforeAll(async () => {
    old = await oldDatabase('assistant_of_import');
    await old.run(...ASSISTANT_TABLES);
    await old.insert('users', [
      {
        id: 1,
        username: 'wang',
        password: werkzeugHash('secret of wang'),
        created_at: '2025-05-01 00:00:00',
      },
      { id: 2, username: '1', password: 'plain of one', created_at: null },
    ]);
    await old.insert('conversations', [
      chat('ffff-1', 'wang', '第一'),
      chat('aaaa-2', 'wang', null),
      chat('bbbb-3', '1', 'n'.repeat(550)),
      chat('cccc-4', 'nobody', 'of nobody'),
    ]);
    // Their ids say nothing of their order; their times do.
    await old.insert('messages', [
      said('z-1', 'ffff-1', 'first?', 'first.', '2025-06-01 12:00:01'),
      said('m-2', 'ffff-1', 'second?', 'second.', '2025-06-01 12:00:02'),
      said('a-3', 'ffff-1', 'third?', null, '2025-06-01 12:00:03'),
      said('b-4', 'aaaa-2', 'without a time?', 'none.', null),
      said('b-5', 'aaaa-2', 'with one?', 'one.', '2025-06-01 12:00:00'),
      said('c-6', 'bbbb-3', 'mine?', 'yours.', '2025-06-01 12:00:00'),
      said('d-7', 'cccc-4', 'whose?', 'nobody’s.', '2025-06-01 12:00:00'),
    ]);
    await old.insert('message_files', [
      { id: 'f-1', message_id: 'z-1', type: 'image', url: '/uploads/a.png' },
    ]);
    done = await runImport(ctx.api.env, 'assistant', old.url);
  }, 90_000);

  afterAll(() => stopOldServer());

  it('says what it did', () => {
    expectDone(done);
    expect(done.report!.kinds).toEqual({
      users: { read: 2, imported: 2, known: 0, skipped: 0, failed: 0 },
      chats: { read: 4, imported: 3, known: 0, skipped: 1, failed: 0 },
      messages: { read: 7, imported: 6, known: 0, skipped: 1, failed: 0 },
      files: { read: 1, imported: 0, known: 0, skipped: 1, failed: 0 },
    });
    expect(keysOf(done, 'chats', 'title_too_long')).toEqual(['bbbb-3']);
    expect(keysOf(done, 'chats', 'owner_missing')).toEqual(['cccc-4']);
    expect(keysOf(done, 'messages', 'chat_missing')).toEqual(['d-7']);
    expect(keysOf(done, 'files', 'file_not_in_database')).toEqual(['f-1']);
  });

  it('has questions and answers in the order of their times', async () => {
    const wang = await comeBack(ctx, 'wang', 'secret of wang');
    const chats = await chatsOf(wang);
    expect(chats.map(({ title }) => title)).toEqual(['第一', 'without a time?']);
    expect(await linesOf(wang, chats[0]!.id)).toEqual([
      ['user', 'first?'],
      ['assistant', 'first.'],
      ['user', 'second?'],
      ['assistant', 'second.'],
      ['user', 'third?'],
    ]);
    expect((await saidIn(wang, chats[1]!.id)).map(({ content }) => content)).toEqual([
      ...['without a time?', 'none.', 'with one?', 'one.'],
    ]);
  });

  it('does not take a name for an id', async () => {
    const one = await comeBack(ctx, '1', 'plain of one');
    expect((await chatsOf(one)).map(({ title }) => title)).toEqual(['n'.repeat(500)]);
  });

  it('adds what was said since, behind what is here', async () => {
    await old.insert('messages', [said('0-8', 'ffff-1', 'fourth?', 'fourth.', '2025-06-02 12:00:00')]);
    const again = await runImport(ctx.api.env, 'assistant', old.url);
    expect(again.report!.kinds['messages']).toMatchObject({ read: 8, imported: 1, known: 6 });
    const wang = await comeBack(ctx, 'wang', 'secret of wang');
    const [first] = await chatsOf(wang);
    expect((await linesOf(wang, first!.id)).slice(-2)).toEqual([
      ['user', 'fourth?'],
      ['assistant', 'fourth.'],
    ]);
  });
});
