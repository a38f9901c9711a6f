import { Injectable } from '@nestjs/common';

/** The reading of pictures and documents. */
@Injectable()
export class Extractions {
  /**
   * Tells that these files of one owner are stored and wait to be read. Their rows say so too: what is lost here is
   * found there. Never throws.
   */
  begin(_ownerId: number, _fileIds: number[]): Promise<void> {
    return Promise.resolve();
  }
}
