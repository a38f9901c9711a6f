import { writeFileSync } from 'node:fs';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ENTITIES, MIGRATIONS } from './app.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { ChatImportsService } from './conversations/chat-imports.service.js';
import { DatabaseModule } from './database/database.module.js';
import { BlobRemoval } from './files/blob-removal.entity.js';
import { BlobRemovals } from './files/blob-removals.js';
import { FileStorageModule } from './files/file-storage.module.js';
import { FilesService } from './files/files.service.js';
import { StoredFile } from './files/stored-file.entity.js';
import { BatchWriter } from './imports/batch-writer.js';
import { BotsImporter } from './imports/bots.importer.js';
import { ChapterWriter } from './imports/chapter-writer.js';
import { ChatsImporter } from './imports/chats.importer.js';
import { ImportLease } from './imports/import-lease.js';
import { ImportMarks } from './imports/import-marks.js';
import type { ImportOptions } from './imports/import-options.js';
import { ImportProgress, type ProgressOutput } from './imports/import-progress.js';
import { Importers } from './imports/importers.js';
import { ImportsService } from './imports/imports.service.js';
import { MarkedRows } from './imports/marked-rows.js';
import { MessagesImporter } from './imports/messages.importer.js';
import { OldChats } from './imports/old-chats.js';
import { OldOwners } from './imports/old-owners.js';
import { OwnedRows } from './imports/owned-rows.js';
import { OldVoices } from './imports/old-voices.js';
import { PromptsImporter } from './imports/prompts.importer.js';
import { reportJson, reportLines } from './imports/report-text.js';
import { TopicsImporter } from './imports/topics.importer.js';
import { UsersImporter } from './imports/users.importer.js';
import { PromptImportService } from './prompts/prompt-import.service.js';
import { AccountImportsService } from './users/account-imports.service.js';
import { PasswordHasher } from './users/password-hasher.js';

/** What imports: database and storage, and of the features what takes things in. Nothing that serves anybody. */
@Module({})
class ImportModule {
  static of(env: Env): DynamicModule {
    return {
      module: ImportModule,
      imports: [
        ConfigModule.of(env),
        DatabaseModule.forRoot({ entities: ENTITIES, migrations: MIGRATIONS }),
        FileStorageModule,
        TypeOrmModule.forFeature([StoredFile, BlobRemoval]),
      ],
      providers: [
        ...[AccountImportsService, PasswordHasher, ChatImportsService, PromptImportService],
        ...[FilesService, BlobRemovals],
        ...[ImportsService, Importers, ImportLease, ImportMarks, BatchWriter, MarkedRows],
        ...[UsersImporter, BotsImporter, TopicsImporter, ChatsImporter, MessagesImporter, PromptsImporter],
        ...[OldOwners, OldChats, OldVoices, ChapterWriter, OwnedRows],
      ],
    };
  }
}

/** Imports, and tells what it did. @returns whether all came that could */
export async function importOld(env: Env, options: ImportOptions, output: ProgressOutput): Promise<boolean> {
  const context = await NestFactory.createApplicationContext(ImportModule.of(env), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const startedAt = new Date();
  try {
    const report = await context.get(ImportsService).run(options, new ImportProgress(output));
    const { surface, dryRun } = options;
    if (dryRun) output.write('a dry run: nothing was written\n');
    for (const line of reportLines(report)) output.write(`${line}\n`);
    if (options.report !== undefined)
      writeFileSync(
        options.report,
        reportJson(report, { surface, dryRun, startedAt, finishedAt: new Date() }),
        { mode: 0o600 },
      );
    return report.isComplete;
  } finally {
    await context.close();
  }
}
