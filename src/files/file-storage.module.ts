import { Module } from '@nestjs/common';
import { ENV } from '../config/env.js';
import { FileStorage } from './file-storage.js';
import { fileStorageFor } from './storage.factory.js';

/** Where the bytes of files are. */
@Module({
  providers: [{ provide: FileStorage, inject: [ENV], useFactory: fileStorageFor }],
  exports: [FileStorage],
})
export class FileStorageModule {}
