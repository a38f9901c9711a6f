import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadEnv } from './env.js';

const SECRET = 'a-signing-secret-of-more-than-32-characters';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parley-secret-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const load = (source: NodeJS.ProcessEnv = {}) => loadEnv({ DATA_DIR: dir, ...source });

describe('the signing secret', () => {
  it('is taken from JWT_SECRET, and then nothing is written', () => {
    expect(load({ JWT_SECRET: SECRET }).JWT_SECRET).toBe(SECRET);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is made once, kept, and readable by its owner only', () => {
    const first = load().JWT_SECRET;
    expect(load().JWT_SECRET).toBe(first);
    expect(readdirSync(dir)).toEqual(['jwt-secret']);
    expect(statSync(join(dir, 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('is another one in another place', () => {
    const nested = join(dir, 'a', 'b');
    expect(load({ DATA_DIR: nested }).JWT_SECRET).not.toBe(load().JWT_SECRET);
    expect(existsSync(join(nested, 'jwt-secret'))).toBe(true);
  });

  it('is the same for processes that start at once', async () => {
    const script = secretScript(dir);
    const data = join(dir, 'data');
    const at = String(Date.now() + 1_000);
    const run = () => promisify(execFile)(process.execPath, [script, data, at]);
    const secrets = (await Promise.all(Array.from({ length: 6 }, run))).map(({ stdout }) => stdout);
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^[\w-]{64}$/);
    expect(readdirSync(data)).toEqual(['jwt-secret']);
  }, 20_000);
});

/** A program that makes or reads the secret at a given moment: processes of their own, as the race needs them. */
function secretScript(folder: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  for (const name of ['config-error', 'jwt-secret']) {
    const source = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8');
    writeFileSync(join(folder, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const lines = [
    `import { resolveJwtSecret } from './jwt-secret.js';`,
    `while (Date.now() < Number(process.argv[3]));`,
    `process.stdout.write(resolveJwtSecret('sqlite', process.argv[2]));`,
  ];
  writeFileSync(join(folder, 'run.js'), lines.join('\n'));
  return join(folder, 'run.js');
}
