import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envSchema } from './env.js';
import { whisperEnvSchema } from './whisper-env.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
/** What the API, workers and Whisper machines read. */
const SCHEMAS = [envSchema, whisperEnvSchema];
const KNOWN = [...new Set(SCHEMAS.flatMap((schema) => Object.keys(schema.shape)))];

/** Defaults as they are written down: none where the variable may be absent. */
const DEFAULTS = SCHEMAS.flatMap((schema) => Object.entries(schema.parse({})))
  .map(([name, value]) => `${name}=${String(value)}`)
  .filter((line, index, lines) => lines.indexOf(line) === index)
  .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);

/** Name → default, from the lines `NAME=value` and `# NAME=value` of the example. */
function variablesOfExample(): Map<string, string> {
  const lines = [...read('.env.example').matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  const names = lines.map(([, name]) => name);
  expect(names).toEqual([...new Set(names)]);
  return new Map(lines.map(([, name, value]) => [name!, value!]));
}

/** Name → default, from the rows of the table `| \`NAME\` | default | … |`. */
function variablesOfTable(): Map<string, string> {
  const rows = [...read('docs/operations.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| ([^|]*)\|/gm)];
  const names = rows.map(([, name]) => name);
  expect(names).toEqual([...new Set(names)]);
  return new Map(rows.map(([, name, value]) => [name!, value!.replaceAll('`', '').trim()]));
}

describe('the variables of the environment', () => {
  it('are all in .env.example, and no others', () => {
    expect([...variablesOfExample().keys()].toSorted()).toEqual(KNOWN.toSorted());
  });

  it('are all in the table of docs/operations.md, and no others', () => {
    expect([...variablesOfTable().keys()].toSorted()).toEqual(KNOWN.toSorted());
  });

  it.each(DEFAULTS)('%s has the default that both name', (name, value) => {
    expect(variablesOfExample().get(name)).toBe(value);
    expect(variablesOfTable().get(name)).toBe(value === '' ? 'none' : value);
  });
});
