import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DocumentReader } from '../../libs/documents/document-reader.js';
import { ENV } from '../config/env.js';
import { BlobRemoval } from './blob-removal.entity.js';
import { BlobRemovals } from './blob-removals.js';
import { BlobRemover } from './blob-remover.js';
import { FileLimits } from './file-limits.js';
import { documentReader } from './document-reader.factory.js';
import { ExtractionReader } from './extraction.reader.js';
import { ExtractionRunner } from './extraction.runner.js';
import { ExtractionStore } from './extraction.store.js';
import { ExtractionSweeper } from './extraction.sweeper.js';
import { Extractions } from './extractions.js';
import { FilePassage } from './file-passage.entity.js';
import { FileStorageModule } from './file-storage.module.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { MediaTypes } from './media-types.js';
import { PassagesController } from './passages.controller.js';
import { PassagesService } from './passages.service.js';
import { PicturesService } from './pictures.service.js';
import { ReadingsService } from './readings.service.js';
import { StoredFile } from './stored-file.entity.js';
import { UploadsService } from './uploads.service.js';

/** Files of users: their rows, and the storage that has their bytes. */
@Module({
  imports: [FileStorageModule, TypeOrmModule.forFeature([StoredFile, BlobRemoval, FilePassage])],
  controllers: [FilesController, PassagesController],
  providers: [
    ...[UploadsService, MediaTypes, FileLimits],
    { provide: DocumentReader, inject: [ENV], useFactory: documentReader },
    ...[FilesService, BlobRemovals, BlobRemover, PassagesService, PicturesService, ReadingsService],
    ...[Extractions, ExtractionStore, ExtractionReader, ExtractionRunner, ExtractionSweeper],
  ],
  exports: [FilesService, PicturesService, ReadingsService, UploadsService],
})
export class FilesModule {}
