import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataSource, dataSourceOptions } from './data-source.js';

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 50, unique: true })
  text!: string;
}

let dir: string;
const connected: DataSource[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
});

afterEach(async () => {
  for (const dataSource of connected.splice(0)) await dataSource.destroy();
  rmSync(dir, { recursive: true, force: true });
});

function options(file = 'test.sqlite') {
  const env = { DIALECT: 'sqlite', DATABASE_URL: `sqlite:${join(dir, file)}` } as const;
  const unused = { DATABASE_POOL_SIZE: 1, DATABASE_STATEMENT_TIMEOUT_MS: 1_000 };
  return dataSourceOptions({ ...env, ...unused, DATA_DIR: dir }, [Note], []);
}

async function ready(dataSource: DataSource): Promise<DataSource> {
  connected.push(await dataSource.initialize());
  await dataSource.query(
    'CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT UNIQUE)',
  );
  return dataSource;
}

const isolated = () => ready(createDataSource(options()));

async function texts(dataSource: DataSource): Promise<string[]> {
  return (await dataSource.manager.find(Note, { order: { text: 'ASC' } })).map(({ text }) => text);
}

const write = (dataSource: DataSource, text: string) => dataSource.manager.insert(Note, { text });

function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const aWhile = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A opens a transaction and waits; B commits one of its own; C writes outside any; then A rolls back. */
async function interleave(dataSource: DataSource): Promise<{ acknowledgedEarly: string[] }> {
  const aHasWritten = gate();
  const aMayFail = gate();
  const acknowledgedEarly: string[] = [];
  const a = dataSource
    .transaction(async (manager) => {
      await manager.insert(Note, { text: 'A' });
      aHasWritten.open();
      await aMayFail.opened;
      throw new Error('A changes its mind');
    })
    .catch((error: unknown) => error);
  await aHasWritten.opened;
  const b = dataSource.transaction((manager) => manager.insert(Note, { text: 'B' }));
  void b.then(() => acknowledgedEarly.push('B'));
  const c = write(dataSource, 'C');
  void c.then(() => acknowledgedEarly.push('C'));
  // Without isolation both are acknowledged now, inside A's transaction; with it both wait for A's end.
  await aWhile();
  const early = acknowledgedEarly.toSorted();
  aMayFail.open();
  expect(await a).toMatchObject({ message: 'A changes its mind' });
  await Promise.all([b, c]);
  return { acknowledgedEarly: early };
}

describe('SQLite isolation', () => {
  it('keeps what others were told is stored, when a transaction beside them rolls back', async () => {
    const dataSource = await isolated();
    const { acknowledgedEarly } = await interleave(dataSource);
    expect(await texts(dataSource)).toEqual(['B', 'C']);
    expect(acknowledgedEarly).toEqual([]);
  });

  it('is needed: typeorm alone acknowledges both rows and loses them', async () => {
    const plain = await ready(new DataSource(options()));
    const { acknowledgedEarly } = await interleave(plain);
    expect(acknowledgedEarly).toEqual(['B', 'C']);
    expect(await texts(plain)).toEqual([]);
  });

  it('does not show others what is not committed', async () => {
    const dataSource = await isolated();
    const written = gate();
    const mayEnd = gate();
    const writer = dataSource.transaction(async (manager) => {
      await manager.insert(Note, { text: 'A' });
      written.open();
      await mayEnd.opened;
    });
    await written.opened;
    const seen = texts(dataSource);
    mayEnd.open();
    await writer;
    expect(await seen).toEqual(['A']);
  });

  it('rolls an inner transaction back without the outer one', async () => {
    const dataSource = await isolated();
    await dataSource.transaction(async (outer) => {
      await outer.insert(Note, { text: 'outer' });
      await outer
        .transaction(async (inner) => {
          await inner.insert(Note, { text: 'inner, lost' });
          throw new Error('inner');
        })
        .catch(() => undefined);
      await outer.transaction((inner) => inner.insert(Note, { text: 'inner, kept' }));
    });
    expect(await texts(dataSource)).toEqual(['inner, kept', 'outer']);
  });

  it('rolls the inner transactions back with the outer one', async () => {
    const dataSource = await isolated();
    const failed = dataSource.transaction(async (outer) => {
      await outer.transaction((inner) => inner.insert(Note, { text: 'inner' }));
      throw new Error('outer');
    });
    await expect(failed).rejects.toThrow('outer');
    await write(dataSource, 'after');
    expect(await texts(dataSource)).toEqual(['after']);
  });

  it('goes on after a BEGIN that fails', async () => {
    const dataSource = await isolated();
    const other = await ready(createDataSource({ ...options(), timeout: 0 } as never));
    const held = gate();
    const holder = gate();
    const first = dataSource.transaction(async (manager) => {
      await manager.insert(Note, { text: 'first' });
      held.open();
      await holder.opened;
    });
    await held.opened;
    const refused = other.transaction((manager) => manager.insert(Note, { text: 'refused' }));
    await expect(refused).rejects.toMatchObject({ driverError: { code: 'SQLITE_BUSY' } });
    holder.open();
    await first;
    await other.transaction((manager) => manager.insert(Note, { text: 'second' }));
    await write(other, 'third');
    expect(await texts(other)).toEqual(['first', 'second', 'third']);
  });

  it('goes on after a COMMIT that fails', async () => {
    const dataSource = await isolated();
    await dataSource.query('PRAGMA foreign_keys = ON');
    await dataSource.query(
      'CREATE TABLE parts (id INTEGER PRIMARY KEY, note INTEGER REFERENCES notes DEFERRABLE INITIALLY DEFERRED)',
    );
    const failed = dataSource.transaction(async (manager) => {
      await manager.insert(Note, { text: 'lost' });
      await manager.query('INSERT INTO parts (note) VALUES (999)');
    });
    await expect(failed).rejects.toMatchObject({ driverError: { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } });
    await dataSource.transaction((manager) => manager.insert(Note, { text: 'kept' }));
    expect(await texts(dataSource)).toEqual(['kept']);
  });

  it('goes on after SQLite itself has rolled back, as it does when the disk is full', async () => {
    const dataSource = await isolated();
    const failed = dataSource.transaction(async (manager) => {
      await manager.insert(Note, { text: 'lost' });
      // The connection's transaction is over, and typeorm does not know.
      await manager.query('ROLLBACK');
      throw new Error('the disk is full');
    });
    await expect(failed).rejects.toThrow('the disk is full');
    await write(dataSource, 'kept');
    expect(await texts(dataSource)).toEqual(['kept']);
  });

  it('ends a transaction whose runner is released in the middle', async () => {
    const dataSource = await isolated();
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.insert(Note, { text: 'lost' });
    await runner.release();
    await write(dataSource, 'kept');
    expect(await texts(dataSource)).toEqual(['kept']);
  });

  it('keeps the count over 200 transactions of every kind at once', async () => {
    const dataSource = await isolated();
    const kinds = [
      (n: number) =>
        dataSource.transaction(async (manager) => {
          await manager.insert(Note, { text: `pair ${n} a` });
          if (n % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
          await manager.insert(Note, { text: `pair ${n} b` });
        }),
      (n: number) =>
        dataSource.transaction(async (manager) => {
          await manager.insert(Note, { text: `lost ${n}` });
          await new Promise((resolve) => setImmediate(resolve));
          throw new Error('wanted');
        }),
      (n: number) => write(dataSource, `single ${n}`),
      (n: number) =>
        dataSource.transaction(async (outer) => {
          await outer.insert(Note, { text: `outer ${n}` });
          await outer
            .transaction(async (inner) => {
              await inner.insert(Note, { text: `lost inner ${n}` });
              throw new Error('wanted');
            })
            .catch(() => undefined);
        }),
    ];
    const all = Array.from({ length: 200 }, (_, n) => kinds[n % kinds.length]!(n));
    const results = await Promise.allSettled(all);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    const kept = await texts(dataSource);
    const count = (word: string) => kept.filter((text) => text.startsWith(word)).length;
    expect([count('pair'), count('single'), count('outer'), count('lost')]).toEqual([100, 50, 50, 0]);
  });

  it('gives every insert its own id back', async () => {
    const dataSource = await isolated();
    const notes = Array.from({ length: 100 }, (_, n) =>
      dataSource.manager.create(Note, { text: `note ${n}` }),
    );
    await Promise.all(notes.map((note) => dataSource.manager.insert(Note, note)));
    for (const { id, text } of await dataSource.manager.find(Note)) {
      expect(notes.find((note) => note.id === id)?.text).toBe(text);
    }
    expect(new Set(notes.map(({ id }) => id)).size).toBe(100);
  });
});
