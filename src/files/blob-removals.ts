import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, LessThanOrEqual, type Repository } from 'typeorm';
import { BlobRemoval } from './blob-removal.entity.js';
import { FileStorage } from './file-storage.js';

/** A blob that nobody has kept by then is nobody's. */
export const UNKEPT_MS = 3_600_000;

const FIRST_BACKOFF_MS = 30_000;
const LAST_BACKOFF_MS = 6 * 3_600_000;

/** The write-ahead log of blobs: which of them have to go, and when. */
@Injectable()
export class BlobRemovals {
  constructor(
    @InjectRepository(BlobRemoval) private readonly removals: Repository<BlobRemoval>,
    private readonly storage: FileStorage,
  ) {}

  /** To be done before a blob is put: it goes in an hour, unless it is kept. */
  async announce(storageKey: string): Promise<void> {
    await this.removals.insert({ storageKey, dueAt: new Date(Date.now() + UNKEPT_MS), attempts: 0 });
  }

  /** The blob stays if the manager's transaction does. False where its removal has begun, or nobody announced it. */
  async keep(manager: EntityManager, storageKey: string): Promise<boolean> {
    const { affected } = await manager.delete(BlobRemoval, { storageKey, attempts: 0 });
    return affected === 1;
  }

  due(limit: number): Promise<BlobRemoval[]> {
    return this.removals.find({
      where: { dueAt: LessThanOrEqual(new Date()) },
      order: { dueAt: 'ASC' },
      take: limit,
    });
  }

  /**
   * Removes the blob and then its row. Nothing happens where another process, or the file's keeper, was faster; where
   * it fails the row stays, for a later attempt.
   * @throws StorageUnavailableError
   */
  async remove({ storageKey, attempts }: Pick<BlobRemoval, 'storageKey' | 'attempts'>): Promise<void> {
    const dueAt = new Date(Date.now() + backoff(attempts));
    const claim = await this.removals.update({ storageKey, attempts }, { attempts: attempts + 1, dueAt });
    if (claim.affected !== 1) return;
    await this.storage.delete(storageKey);
    await this.removals.delete({ storageKey });
  }
}

function backoff(attempts: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 20), LAST_BACKOFF_MS);
}
