import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startMariaDb } from './mariadb.ts';

const ROOT = join(import.meta.dirname, '../..');
const HINT = 'these tests run the built application: npm run build';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the tests of this project run on. */
    dialect: 'sqlite' | 'mariadb';
    /** The server that every file makes a database of its own on; empty where the project has none. */
    mariadb: string;
  }
}

/** Checks the build, and starts the database server of the project once, when one of its tests runs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  checkBuild();
  const mariadb = project.name === 'e2e-mariadb' ? await startMariaDb() : undefined;
  project.provide('dialect', mariadb ? 'mariadb' : 'sqlite');
  project.provide('mariadb', mariadb?.url() ?? '');
  return async () => mariadb?.stop();
}

/** These tests run what is built, as operators do. */
function checkBuild(): void {
  const built = statSync(join(ROOT, 'dist/src/main.js'), { throwIfNoEntry: false });
  if (!built) throw new Error(`dist/src/main.js is missing; ${HINT}`);
  const sources = globSync('{src,libs,migrations}/**/*.ts', {
    cwd: ROOT,
    exclude: ['**/*.spec.ts', '**/*.contract.ts'],
  });
  const newer = sources.find((file) => statSync(join(ROOT, file)).mtimeMs > built.mtimeMs);
  if (newer) console.warn(`dist is older than ${newer}; ${HINT}`);
}
