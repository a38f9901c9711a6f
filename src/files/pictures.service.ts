import { Injectable } from '@nestjs/common';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../common/errors.js';
import { FilesService } from './files.service.js';
import type { StoredFile } from './stored-file.entity.js';

/** Pictures as models are shown them. */
@Injectable()
export class PicturesService {
  constructor(private readonly files: FilesService) {}

  /**
   * A picture as JPEG, upright, at most 1,568 pixels a side; some hundred kilobytes.
   * @throws AppError not_found where it is not the owner's, was deleted, or has not been read; StorageUnavailableError
   */
  async preview(ownerId: number, { id }: Pick<StoredFile, 'id'>): Promise<Buffer> {
    const file = await this.files.findOwned(ownerId, id);
    if (file.previewKey === null) throw new AppError('not_found');
    return buffer(await this.files.open({ ...file, storageKey: file.previewKey }));
  }
}
