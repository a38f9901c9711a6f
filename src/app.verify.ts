import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { DatabaseModule } from './database/database.module.js';
import { BlobRemoval } from './files/blob-removal.entity.js';
import { FileStorageModule } from './files/file-storage.module.js';
import { FilesVerification, type Verification } from './files/files-verification.js';
import { StoredFile } from './files/stored-file.entity.js';
import { User } from './users/user.entity.js';

/** What looks after files: database and storage, and nothing that serves anybody. It leaves the tables as they are. */
@Module({})
class VerifyModule {
  static of(env: Env): DynamicModule {
    return {
      module: VerifyModule,
      imports: [
        ConfigModule.of(env),
        DatabaseModule.forRoot({ entities: [User, StoredFile, BlobRemoval], migrations: [] }),
        FileStorageModule,
        TypeOrmModule.forFeature([StoredFile, BlobRemoval]),
      ],
      providers: [FilesVerification],
    };
  }
}

/**
 * Compares files with their storage, and says what was found, a line each.
 * @param repair has blobs removed that nobody knows of
 * @returns whether all is well
 */
export async function verifyFiles(
  env: Env,
  repair: boolean,
  say: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<boolean> {
  const context = await NestFactory.createApplicationContext(VerifyModule.of(env), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const verification = context.get(FilesVerification);
  const found = await verification.verify();
  for (const line of linesOf(found)) say(line);
  if (repair && found.orphans.length > 0) {
    await verification.discard(found.orphans);
    say(`repaired: ${found.orphans.length} blobs without a file are removed soon`);
  }
  await context.close();
  return found.orphans.length + found.lost.length === 0;
}

function linesOf({ files, blobs, orphans, lost }: Verification): string[] {
  return [
    ...orphans.map((key) => `blob ${key}: no file`),
    ...lost.map(({ fileId, key, what }) => `file ${fileId}: blob ${key}: ${what}`),
    `${files} files with ${blobs} blobs: ${lost.length} blobs missing or damaged; ${orphans.length} blobs without a file`,
  ];
}
