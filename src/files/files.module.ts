import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { join } from 'node:path';
import { ENV, type Env } from '../config/env.js';
import { BlobRemoval } from './blob-removal.entity.js';
import { BlobRemovals } from './blob-removals.js';
import { BlobRemover } from './blob-remover.js';
import { DiskFileStorage } from './disk.file-storage.js';
import { Extractions } from './extractions.js';
import { FileLimits } from './file-limits.js';
import { FilePassage } from './file-passage.entity.js';
import { FileStorage } from './file-storage.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { MediaTypes } from './media-types.js';
import { StoredFile } from './stored-file.entity.js';
import { UploadsService } from './uploads.service.js';

/** Files of users: their rows, and the storage that has their bytes. */
@Module({
  imports: [TypeOrmModule.forFeature([StoredFile, BlobRemoval, FilePassage])],
  controllers: [FilesController],
  providers: [
    {
      provide: FileStorage,
      inject: [ENV],
      useFactory: (env: Env) => new DiskFileStorage(join(env.DATA_DIR, 'files')),
    },
    ...[FilesService, BlobRemovals, BlobRemover],
    ...[UploadsService, MediaTypes, FileLimits, Extractions],
  ],
  exports: [FilesService],
})
export class FilesModule {}
