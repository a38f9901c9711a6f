import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { Foundation1795000000000 } from '../../migrations/1795000000000-foundation.js';
import { Usage1795100000000 } from '../../migrations/1795100000000-usage.js';
import { Turns1795200000000 } from '../../migrations/1795200000000-turns.js';
import { Files1795300000000 } from '../../migrations/1795300000000-files.js';
import { Documents1795800000000 } from '../../migrations/1795800000000-documents.js';
import { Uploads1795900000000 } from '../../migrations/1795900000000-uploads.js';
import { Leaving1796700000000 } from '../../migrations/1796700000000-leaving.js';
import { connect, dataSourceOptions } from '../../src/database/data-source.js';
import { BlobRemoval } from '../../src/files/blob-removal.entity.js';
import { BlobRemovals } from '../../src/files/blob-removals.js';
import type { FileStorage } from '../../src/files/file-storage.js';
import { FilesService } from '../../src/files/files.service.js';
import { StoredFile } from '../../src/files/stored-file.entity.js';
import { User } from '../../src/users/user.entity.js';

const MIGRATIONS = [
  ...[Foundation1795000000000, Usage1795100000000, Turns1795200000000, Files1795300000000],
  ...[Documents1795800000000, Uploads1795900000000, Leaving1796700000000],
];

export interface FilesOnSqlite {
  dataSource: DataSource;
  removals: BlobRemovals;
  files: FilesService;
  /** Two accounts. */
  userIds: [number, number];
}

/** The files' services over a storage and a SQLite file of their own, for specs; destroy its data source afterwards. */
export async function filesOnSqlite(dir: string, storage: FileStorage): Promise<FilesOnSqlite> {
  const env = {
    DIALECT: 'sqlite',
    DATABASE_URL: `sqlite:${join(dir, 'files.sqlite')}`,
    DATA_DIR: dir,
  } as const;
  const unused = { DATABASE_POOL_SIZE: 1, DATABASE_STATEMENT_TIMEOUT_MS: 1_000 };
  const entities = [User, StoredFile, BlobRemoval];
  const dataSource = await connect(dataSourceOptions({ ...env, ...unused }, entities, MIGRATIONS));
  const removals = new BlobRemovals(dataSource.getRepository(BlobRemoval), storage);
  const files = new FilesService(dataSource.getRepository(StoredFile), storage, removals);
  const userIds = await Promise.all(['anna', 'bert'].map((name) => makeUser(dataSource, name)));
  return { dataSource, removals, files, userIds: userIds as [number, number] };
}

async function makeUser(dataSource: DataSource, name: string): Promise<number> {
  const users = dataSource.getRepository(User);
  const { id } = await users.save(
    users.create({
      ...{ username: name, usernameKey: name, email: null, emailKey: null },
      ...{ passwordHash: '', role: 'user', deactivatedAt: null },
    }),
  );
  return id;
}
