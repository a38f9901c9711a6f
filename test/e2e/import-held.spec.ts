import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDone, keysOf, runImport } from '../support/import.ts';
import { chatsOf, comeBack, linesOf } from '../support/import-talk.ts';
import { NOTEBOOK_TABLES, type OldDatabase } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';

const AT = '2024-10-01 08:00:00';
/** Refuses a message, as a database does that has a limit of its own. */
const REFUSE = {
  sqlite: `CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.content = 'poison' BEGIN SELECT RAISE(ABORT, 'no'); END`,
  mariadb: `CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW
    BEGIN IF NEW.content = 'poison' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF; END`,
};

const said = (id: number, chat_id: string, chat_content: string, chat_type = 1) => ({
  ...{ id, chat_id, chat_type, chat_content, create_time: AT },
});

describe('an import that cannot add to a chat', { timeout: 120_000 }, () => {
  const ctx = useApi();
  let old: OldDatabase;

  const run = () => runImport(ctx.api.env, 'notebook', old.url);

  beforeAll(async () => {
    old = await oldDatabase('held_of_import');
    await old.run(...NOTEBOOK_TABLES);
    await old.insert('myapp_account', [{ username: 'anna', password: 'of anna' }]);
    await old.insert(
      'myapp_chat',
      ['1', '2'].map((chat_id) => ({ chat_id, username_id: 'anna', chat_title: chat_id, create_time: AT })),
    );
    await old.insert('myapp_message', [said(1, '1', 'one'), said(2, '2', 'two')]);
    expectDone(await run());
  }, 90_000);

  afterAll(() => stopOldServer());

  async function linesIn(externalId: string): Promise<string[]> {
    const anna = await comeBack(ctx, 'anna', 'of anna');
    const chat = (await chatsOf(anna)).find((one) => one.externalId === externalId)!;
    return (await linesOf(anna, chat.id)).map(([, content]) => content);
  }

  it('because an answer is being written there, leaves it for the next run, and brings the rest', async () => {
    const anna = await comeBack(ctx, 'anna', 'of anna');
    const chat = (await chatsOf(anna)).find(({ externalId }) => externalId === '1')!;
    ctx.upstream.setDefaults({ hang: 2 });
    const stream = await anna.stream(`conversations/${chat.id}/messages`, { body: { content: 'now' } });
    const { data } = await stream.nextOf('message.created');
    await old.insert('myapp_message', [said(3, '1', 'three'), said(4, '2', 'four'), said(5, '1', 'five')]);
    const held = await run();
    expect([held.code, held.report!.isComplete]).toEqual([1, false]);
    expect(keysOf(held, 'messages', 'turn_running')).toEqual(['3', '5']);
    expect(held.report!.kinds['messages']).toMatchObject({ imported: 1, known: 2, skipped: 2 });
    expect(await linesIn('2')).toEqual(['two', 'four']);
    await anna.post(`messages/${data.assistantMessage.id}/stop`, undefined, { expect: 200 });
    expectDone(await run());
    const lines = await linesIn('1');
    expect([lines.slice(0, 2), lines.slice(-2)]).toEqual([
      ['one', 'now'],
      ['three', 'five'],
    ]);
  });

  it('because a row is refused, tells which, and passes over nothing', async () => {
    await ctx.query(REFUSE[ctx.dialect]);
    await old.insert('myapp_message', [
      ...[said(6, '2', 'six'), said(7, '2', 'poison'), said(8, '2', 'eight')],
    ]);
    const refused = await run();
    expect([refused.code, refused.report!.isComplete]).toEqual([1, false]);
    expect(refused.report!.notes.filter(({ what }) => what === 'failed').map(({ keys }) => keys)).toEqual([
      ['7'],
    ]);
    expect(keysOf(refused, 'messages', 'behind_failed')).toEqual(['8']);
    expect(refused.output).not.toContain('poison');
    expect(await linesIn('2')).toEqual(['two', 'four', 'six']);
    await ctx.query('DROP TRIGGER refuse');
    expectDone(await run());
    expect(await linesIn('2')).toEqual(['two', 'four', 'six', 'poison', 'eight']);
  });
});
