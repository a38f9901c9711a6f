import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { In, type Repository } from 'typeorm';
import { StoredFile } from './stored-file.entity.js';

const FIRST_LOOK_MS = 50;
const LONGEST_PAUSE_MS = 500;

/** Waits for files to be read. */
@Injectable()
export class ReadingsService implements BeforeApplicationShutdown {
  private readonly ending = new AbortController();

  constructor(@InjectRepository(StoredFile) private readonly files: Repository<StoredFile>) {}

  /**
   * Returns when none of these files of the owner is still to be read, when the time is over, or when the process ends;
   * what became of them their rows say. A file that is not there is not waited for.
   * @param ms at most so long
   */
  async settled(ownerId: number, fileIds: number[], ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    for (let pause = FIRST_LOOK_MS; await this.areWaiting(ownerId, fileIds); pause *= 1.5) {
      const left = deadline - performance.now();
      if (left <= 0 || this.ending.signal.aborted) return;
      const { signal } = this.ending;
      await sleep(Math.min(pause, LONGEST_PAUSE_MS, left), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Nobody who waits holds up the end of the process. */
  beforeApplicationShutdown(): void {
    this.ending.abort();
  }

  private areWaiting(ownerId: number, fileIds: number[]): Promise<boolean> {
    if (fileIds.length === 0) return Promise.resolve(false);
    return this.files.existsBy({ id: In(fileIds), ownerId, extraction: In(['queued', 'running']) });
  }
}
