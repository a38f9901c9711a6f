import { Controller, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Max, Min } from 'class-validator';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemFilter } from '../../src/common/problem.filter.js';
import { MaxLength, Optional } from '../../src/common/validation.js';
import { DiskFileStorage } from '../../src/files/disk.file-storage.js';
import { classifyStorageFailure } from '../../src/files/file-storage.js';
import { acceptUploads, ApiUpload, readUpload } from '../../src/files/upload.js';
import { type FilesOnSqlite, filesOnSqlite } from './files-database.ts';

export const MAX_BYTES = 300_000;

class SampleFields {
  @Optional()
  @IsIn(['en', 'zh'])
  language?: string;

  @Optional()
  @IsString()
  @MaxLength(100)
  prompt?: string;

  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10)
  count?: number;
}

interface Answer {
  status: number;
  body: any;
}

/** A small application that takes uploads, with a SQLite file and a folder of its own. */
export class UploadApp {
  /** What came of the last upload, also where nobody was left to be told. */
  handled: Promise<unknown> = Promise.resolve();
  readonly url: string;
  readonly ground: FilesOnSqlite;
  private readonly app: NestFastifyApplication;
  private readonly dir: string;

  private constructor(app: NestFastifyApplication, url: string, ground: FilesOnSqlite, dir: string) {
    this.app = app;
    this.url = url;
    this.ground = ground;
    this.dir = dir;
  }

  static async start(): Promise<UploadApp> {
    const dir = mkdtempSync(join(tmpdir(), 'parley-upload-'));
    const ground = await filesOnSqlite(dir, new DiskFileStorage(join(dir, 'files')));
    const note = (upload: Promise<unknown>): void => {
      made.handled = upload.catch((error: unknown) => error);
    };
    const adapter = new FastifyAdapter();
    const module = moduleOver(ground, note);
    const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false });
    await acceptUploads(adapter.getInstance<FastifyInstance>());
    app.useGlobalFilters(new ProblemFilter(classifyStorageFailure));
    await app.listen(0, '127.0.0.1');
    const made = new UploadApp(app, await app.getUrl(), ground, dir);
    return made;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.ground.dataSource.destroy();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async post(body: FormData | string | null, path = 'upload', type?: string): Promise<Answer> {
    const headers = type === undefined ? {} : { 'Content-Type': type };
    const response = await fetch(`${this.url}/${path}`, { method: 'POST', body, headers });
    return { status: response.status, body: await response.json() };
  }

  /** The files of the storage, parts of blobs too. */
  blobs(): string[] {
    const root = join(this.dir, 'files');
    mkdirSync(root, { recursive: true });
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  /** How much is left of uploads, as blobs and as rows. */
  async leftovers(): Promise<number> {
    const rows: unknown[] = await this.ground.dataSource.query('SELECT * FROM blob_removals');
    return rows.length + this.blobs().length;
  }

  /** Forgets what was uploaded. */
  async tidy(): Promise<void> {
    await this.ground.dataSource.query('DELETE FROM blob_removals');
    rmSync(join(this.dir, 'files'), { recursive: true, force: true });
  }
}

function moduleOver({ files }: FilesOnSqlite, note: (upload: Promise<unknown>) => void): new () => object {
  @Controller()
  class SampleController {
    @Post('upload')
    @ApiUpload(SampleFields, 'A sample')
    upload(@Req() request: FastifyRequest): Promise<unknown> {
      const reading = readUpload(request, files, { fields: SampleFields, maxBytes: MAX_BYTES });
      note(reading);
      return reading.then(({ fields, file }) => ({
        ...{ fields, name: file.name },
        ...{ ...file.blob, head: file.blob.head.length },
      }));
    }

    @Post('either')
    @ApiUpload(SampleFields, 'A sample', true)
    either(@Req() request: FastifyRequest): Promise<unknown> {
      return readUpload(request, files, { fields: SampleFields, maxBytes: 10, isFileOptional: true });
    }

    @Post('json')
    json(): string {
      return 'read';
    }
  }

  @Module({ controllers: [SampleController] })
  class SampleModule {}
  return SampleModule;
}
