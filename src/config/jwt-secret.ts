import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config-error.js';

/**
 * The signing secret of an installation that names none. Only the embedded default may have one made for it: where
 * a database server is shared, several machines must sign alike.
 */
export function resolveJwtSecret(dialect: 'sqlite' | 'mysql', dataDir: string): string {
  if (dialect !== 'sqlite')
    throw new ConfigError('JWT_SECRET', 'is needed with DATABASE_URL: every process must sign alike');
  const file = join(dataDir, 'jwt-secret');
  const known = read(file);
  if (known) return known;
  mkdirSync(dataDir, { recursive: true });
  // Written aside and linked into place: of several processes that start at once exactly one secret wins, whole.
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = read(file);
  if (!secret) throw new ConfigError('JWT_SECRET', `cannot be read from ${file}: the file is empty`);
  return secret;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
