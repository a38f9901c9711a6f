import { Inject, Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import { ENV, type Env } from '../config/env.js';
import { FilesService } from '../files/files.service.js';
import type { UploadedFile } from '../files/upload.js';

/** Sound that did not come as a form's file. */
@Injectable()
export class SoundIntake {
  constructor(
    private readonly files: FilesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Stores it, as nobody's yet. @throws AppError file_too_large, file_empty; StorageUnavailableError */
  async receive(sound: Uint8Array): Promise<UploadedFile> {
    const source = Readable.from(sound.byteLength > 0 ? [sound] : []);
    return { blob: await this.files.receive(source, this.env.SPEECH_MAX_BYTES), name: 'recording' };
  }
}
