import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Column, type DataSource, Entity, type EntityManager, PrimaryGeneratedColumn } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataSource, dataSourceOptions } from './data-source.js';
import { columnsOf, execute, insertRow, rowOf, selectRows, storedAs, updateRows } from './statements.js';

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'written_at', type: 'datetime', precision: 3 })
  writtenAt!: Date;

  @Column({ name: 'is_done', type: 'boolean' })
  isDone!: boolean;

  @Column({ name: 'reply_to', type: 'bigint', nullable: true })
  replyTo!: number | null;
}

const AT = new Date('2026-11-21T08:00:00.007Z');
const NOTE = { writtenAt: AT, isDone: true, replyTo: null };
let dir: string;
let dataSource: DataSource;
let manager: EntityManager;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'parley-statements-'));
  const env = { DIALECT: 'sqlite', DATABASE_URL: `sqlite:${join(dir, 'test.sqlite')}` } as const;
  const unused = { DATABASE_POOL_SIZE: 1, DATABASE_STATEMENT_TIMEOUT_MS: 1_000 };
  dataSource = await createDataSource(
    dataSourceOptions({ ...env, ...unused, DATA_DIR: dir }, [Note], []),
  ).initialize();
  manager = dataSource.manager;
  await manager.query(
    'CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, written_at TEXT, is_done INTEGER, reply_to INTEGER)',
  );
});

afterEach(async () => {
  await dataSource.destroy();
  rmSync(dir, { recursive: true, force: true });
});

const note = (values: Partial<Note> = {}) => Object.assign(new Note(), NOTE, values);

describe('statements that are written by hand', () => {
  it('write and read rows as typeorm does', async () => {
    const id = await insertRow(manager, Note, note());
    const known = await manager.findOneByOrFail(Note, { id });
    expect(known).toEqual(note({ id }));
    const byTypeorm = await manager.save(note({ isDone: false, replyTo: id }));
    const read = await selectRows(manager, Note, 'WHERE id >= ? ORDER BY id', [id]);
    expect(read).toEqual([known, await manager.findOneByOrFail(Note, { id: byTypeorm.id })]);
    expect(read[0]).toBeInstanceOf(Note);
    const [first, second] = await manager.query<{ written_at: string }[]>('SELECT written_at FROM notes');
    expect(first).toEqual(second);
  });

  it('change the rows that are as they were, and say how many', async () => {
    const id = await insertRow(manager, Note, note());
    const writtenAt = new Date(AT.getTime() + 1);
    expect(await updateRows(manager, Note, { id, writtenAt }, { isDone: false })).toBe(0);
    expect(await updateRows(manager, Note, { id, writtenAt: AT }, { writtenAt, isDone: false })).toBe(1);
    expect(await manager.findOneByOrFail(Note, { id })).toEqual(note({ id, writtenAt, isDone: false }));
    const later = storedAs(manager, Note, 'writtenAt', writtenAt);
    const { affected } = await execute(manager, 'DELETE FROM notes WHERE written_at < ?', [later]);
    expect(affected).toBe(0);
  });

  it('read what a join has found, and null where it has found nothing', async () => {
    const id = await insertRow(manager, Note, note());
    const reply = await insertRow(manager, Note, note({ replyTo: id }));
    const rows = await manager.query<object[]>(
      `SELECT ${columnsOf(manager, Note, 'n')}, ${columnsOf(manager, Note, 'r')} FROM notes n ` +
        'LEFT JOIN notes r ON r.reply_to = n.id ORDER BY n.id',
    );
    expect(rows.map((row) => rowOf(manager, Note, 'n', row)?.id)).toEqual([id, reply]);
    expect(rows.map((row) => rowOf(manager, Note, 'r', row))).toEqual([
      note({ id: reply, replyTo: id }),
      null,
    ]);
  });

  it('are taken back with the transaction that they are in', async () => {
    const failed = dataSource.transaction(async (inside) => {
      await insertRow(inside, Note, note());
      expect(await selectRows(inside, Note, '', [])).toHaveLength(1);
      throw new Error('taken back');
    });
    await expect(failed).rejects.toThrow('taken back');
    expect(await selectRows(manager, Note, '', [])).toEqual([]);
  });
});
