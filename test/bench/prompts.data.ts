import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { createConnection } from 'mysql2/promise';

interface Row {
  id: number;
  title: string;
  text: string;
  tags: string[];
}

type Value = string | number | null;

/** How terms are made of a text: those of the build that is measured. */
export type TermsOf = (prompt: Row) => Iterable<string>;

const WORDS = 3_000;
const TIME = '2026-03-01 09:30:00.000';

/** mulberry32: the same prompts in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Prompts of words of which some are frequent, with words and tags whose share is known. */
function* prompts(count: number): Generator<Row> {
  const random = seeded(count);
  // As in a language: the first words come most often.
  const word = (): string => `w${Math.floor(WORDS * random() ** 3).toString(36)}`;
  for (let n = 0; n < count; n += 1) {
    const marks = [
      ...(n % 2 === 0 ? ['often'] : []),
      ...(n % Math.floor(count / 20) === 7 ? ['seldom'] : []),
      ...(n % 100 === 1 ? ['apart'] : n % 100 === 2 ? ['elsewhere'] : []),
      ...(n % 50 === 3 ? ['光合作用'] : []),
    ];
    const tags = [n % 2 === 0 ? 'common' : 'other', ...(n % 500 === 4 ? ['rare'] : [])];
    yield { id: n + 1, title: `${word()} ${word()}`, text: [word(), ...marks].join(' '), tags };
  }
}

/** What goes into the tables, for a library of `count` shared prompts. */
function* promptRows(count: number): Generator<Value[]> {
  for (const { id, title, text, tags } of prompts(count))
    yield [id, null, 0, id - 1, title, text, JSON.stringify(tags), TIME, TIME, 1];
}

function* termRows(count: number, termsOf: TermsOf): Generator<Value[]> {
  const ids = new Map<string, number[]>();
  for (const prompt of prompts(count))
    for (const term of termsOf(prompt)) {
      const known = ids.get(term);
      if (known) known.push(prompt.id);
      else ids.set(term, [prompt.id]);
    }
  // In the order of the key: the table is written from one end to the other.
  for (const term of [...ids.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    for (const id of ids.get(term)!) yield [0, term, id];
}

const COLUMNS = 'id, owner_id, scope_id, position, title, text, tags, created_at, updated_at, indexed';

/** Fills a database whose tables are there already. */
export async function fill(databaseUrl: string, dir: string, count: number, termsOf: TermsOf): Promise<void> {
  if (databaseUrl.startsWith('sqlite:')) fillSqlite(databaseUrl.replace('sqlite:', ''), count, termsOf);
  else await fillMariaDb(databaseUrl, dir, count, termsOf);
}

function fillSqlite(file: string, count: number, termsOf: TermsOf): void {
  const database = new Database(file);
  const write = (table: string, columns: string, rows: Iterable<Value[]>): void => {
    const marks = columns.replace(/[^,]+/g, '?');
    const statement = database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${marks})`);
    for (const row of rows) statement.run(...row);
  };
  database.exec('BEGIN');
  write('prompt_scopes', 'scope_id, owner_id, size', [[0, null, count]]);
  write('prompts', COLUMNS, promptRows(count));
  write('prompt_terms', 'scope_id, term, prompt_id', termRows(count, termsOf));
  database.exec('COMMIT');
  database.close();
}

async function fillMariaDb(uri: string, dir: string, count: number, termsOf: TermsOf): Promise<void> {
  const connection = await createConnection({ uri, charset: 'utf8mb4' });
  const load = async (table: string, columns: string, rows: Iterable<Value[]>): Promise<void> => {
    const file = join(dir, `${table}-${count}.tsv`);
    writeFileSync(file, '');
    let lines: string[] = [];
    const write = () => writeFileSync(file, lines.join(''), { flag: 'a' });
    for (const row of rows) {
      lines.push(`${row.map((value) => (value === null ? '\\N' : String(value))).join('\t')}\n`);
      if (lines.length < 100_000) continue;
      write();
      lines = [];
    }
    write();
    await connection.query(
      `LOAD DATA INFILE '${file}' INTO TABLE ${table} CHARACTER SET utf8mb4 (${columns})`,
    );
  };
  await connection.query('SET unique_checks = 0, foreign_key_checks = 0');
  await load('prompt_scopes', 'scope_id, owner_id, size', [[0, null, count]]);
  await load('prompts', COLUMNS, promptRows(count));
  await load('prompt_terms', 'scope_id, term, prompt_id', termRows(count, termsOf));
  await connection.query('ANALYZE TABLE prompts, prompt_terms, prompt_scopes');
  await connection.end();
}
