import { Inject, Injectable, type Type } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FastifyRequest } from 'fastify';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { ENV, type Env } from '../config/env.js';
import { inTransaction } from '../database/transaction.js';
import { Extractions } from './extractions.js';
import { FileLimits } from './file-limits.js';
import { FilesService } from './files.service.js';
import { MediaTypes, PICTURES } from './media-types.js';
import { StoredFile } from './stored-file.entity.js';
import { readUploads, type UploadsRules } from './upload.js';
import type { UploadedFile } from './upload-form.js';

const FILES_AT_ONCE = 10;

/** An upload whose form says whose it is. */
export interface NamedUpload {
  /** What the form's text fields are. */
  fields: Type<object>;
  /** Which of them names the owner. */
  field: string;
  /** Who has logged in, where somebody has: nothing is received for him that there is no room for. */
  loginId: number | undefined;
  /**
   * Whose it is, by what the field says, which is undefined where there is none. Asked as soon as the field has come, and
   * when all has: where it throws, nothing is kept, and what has not come yet is not received.
   */
  ownerOf: (named: unknown) => Promise<number>;
}

/** A file whose media type is known and taken. */
interface TypedFile extends UploadedFile {
  mediaType: string;
}

/** Takes in what users upload to be looked at or read: all of a request, or nothing of it. */
@Injectable()
export class UploadsService {
  private readonly rules: UploadsRules;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly files: FilesService,
    private readonly mediaTypes: MediaTypes,
    private readonly limits: FileLimits,
    private readonly extractions: Extractions,
    @Inject(ENV) env: Env,
  ) {
    this.rules = { maxFiles: FILES_AT_ONCE, maxBytes: env.FILES_MAX_BYTES };
  }

  /**
   * Stores the files of a form, and has them read. Whoever has the same bytes already gets the file that he has. What
   * would be refused whatever comes is refused before it is received.
   * @returns a file for each that was sent, in their order
   * @throws AppError unsupported_file, too_many_files, file_space_used_up, and what `readUploads` throws;
   *   StorageUnavailableError
   */
  async accept(ownerId: number, request: FastifyRequest): Promise<StoredFile[]> {
    await this.limits.admit(ownerId);
    const uploads = await readUploads(request, this.files, this.rules);
    return this.kept(uploads, () => Promise.resolve(ownerId));
  }

  /** As `accept`, of a form that has text fields as well, one of which names the owner. */
  async acceptNamed(
    { fields, field, loginId, ownerOf }: NamedUpload,
    request: FastifyRequest,
  ): Promise<StoredFile[]> {
    if (loginId !== undefined) await this.limits.admit(loginId);
    let named: unknown;
    const onField = async (texts: Readonly<Record<string, unknown>>) => {
      if (texts[field] === named) return;
      named = texts[field];
      await ownerOf(named);
    };
    const uploads = await readUploads(request, this.files, { ...this.rules, texts: { fields, onField } });
    return this.kept(uploads, () => ownerOf(named));
  }

  /** Keeps all of them, or none. */
  private async kept(uploads: UploadedFile[], owner: () => Promise<number>): Promise<StoredFile[]> {
    const kept = new Set<string>();
    try {
      const typed = await this.typesOf(uploads);
      const ownerId = await owner();
      const stored = await inTransaction(this.dataSource, (manager) => this.store(manager, ownerId, typed));
      for (const { storageKey } of stored) kept.add(storageKey);
      const made = stored.filter(({ storageKey }) =>
        uploads.some((one) => one.blob.storageKey === storageKey),
      );
      await this.extractions.begin(ownerId, [...new Set(made.map(({ id }) => id))]);
      return stored;
    } finally {
      // What was kept stays, also where nobody was told that it was.
      const others = uploads.filter(({ blob }) => !kept.has(blob.storageKey));
      await Promise.all(others.map(({ blob }) => this.files.drop(blob)));
    }
  }

  private async typesOf(uploads: UploadedFile[]): Promise<TypedFile[]> {
    const typed: TypedFile[] = [];
    for (const [index, file] of uploads.entries()) {
      const mediaType = await this.mediaTypes.find(file.blob, file.name);
      if (mediaType === null) throw unsupported(index);
      typed.push({ ...file, mediaType });
    }
    return typed;
  }

  private async store(manager: EntityManager, ownerId: number, uploads: TypedFile[]): Promise<StoredFile[]> {
    await this.limits.lock(manager, ownerId);
    const known = await knownOf(manager, ownerId, uploads);
    const fresh = firstOfEach(uploads).filter(({ blob }) => !known.has(blob.sha256));
    const bytes = fresh.reduce((sum, { blob }) => sum + blob.size, 0);
    if (bytes > 0) await this.limits.check(manager, ownerId, { files: fresh.length, bytes });
    for (const { blob, name, mediaType } of fresh) {
      const kind = PICTURES.includes(mediaType) ? 'picture' : 'document';
      known.set(blob.sha256, await this.files.keep(manager, ownerId, blob, { kind, name, mediaType }));
    }
    return uploads.map(({ blob }) => known.get(blob.sha256)!);
  }
}

/** What the owner has already of these bytes, by their SHA-256. */
async function knownOf(
  manager: EntityManager,
  ownerId: number,
  uploads: UploadedFile[],
): Promise<Map<string, StoredFile>> {
  const contentKey = In(uploads.map(({ blob }) => blob.sha256));
  const known = await manager.findBy(StoredFile, { ownerId, contentKey });
  return new Map(known.map((file) => [file.sha256, file]));
}

/** Of files of the same bytes the first one. */
function firstOfEach<T extends UploadedFile>(uploads: T[]): T[] {
  const isFirst = ({ blob }: T, index: number): boolean =>
    uploads.findIndex((one) => one.blob.sha256 === blob.sha256) === index;
  return uploads.filter(isFirst);
}

/** Which of the files it is stands in the field's path. */
function unsupported(index: number): AppError {
  const errors = [{ field: `files.${index}`, message: fieldMessage('isSupportedFile') }];
  return new AppError('unsupported_file', { errors });
}
