import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { MessageFile } from '../conversations/message-file.entity.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { TranscriptionPiece } from './transcription-piece.entity.js';
import { Transcription } from './transcription.entity.js';
import { TranscriptionEvents } from './transcription.events.js';
import { TranscriptionLease } from './transcription.lease.js';
import { END_MS, TranscriptionStore } from './transcription.store.js';

/** Ends transcriptions from outside: the row says so at once, and whoever works on it finds his claim gone. */
@Injectable()
export class TranscriptionEnding {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lease: TranscriptionLease,
    private readonly events: TranscriptionEvents,
    private readonly store: TranscriptionStore,
    private readonly files: FilesService,
  ) {}

  /** Nothing happens where it has ended, or is not there. */
  async cancel(ownerId: number, id: number): Promise<void> {
    const finishedAt = new Date();
    const cancelled = await inTransaction(this.dataSource, async (manager) => {
      const { affected } = await manager.update(
        Transcription,
        { id, ownerId, status: In(['queued', 'running']) },
        {
          ...{ status: 'cancelled', leaseOwner: null, finishedAt },
          dueAt: new Date(finishedAt.getTime() + END_MS),
        },
      );
      if (affected === 0) return null;
      await manager.delete(TranscriptionPiece, { transcriptionId: id });
      return manager.findOneByOrFail(Transcription, { id, ownerId });
    });
    if (!cancelled) return;
    await this.lease.tell(id);
    await this.events.end(cancelled);
    await this.store.settle(cancelled);
  }

  async delete(row: Transcription): Promise<void> {
    const { id, ownerId, fileId } = row;
    await inTransaction(this.dataSource, async (manager) => {
      await manager.delete(Transcription, { id, ownerId });
      if (fileId !== null && (await isUnused(manager, ownerId, fileId)))
        await this.files.discard(manager, ownerId, { ids: [fileId] });
    });
    await this.events.forget(row);
  }

  /** Discards a recording that nothing refers to. */
  async discardUnused(ownerId: number, fileId: number): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      if (await isUnused(manager, ownerId, fileId))
        await this.files.discard(manager, ownerId, { ids: [fileId] });
    });
  }
}

/** A recording that nothing refers to any more. What was spoken to the user is another matter. */
async function isUnused(manager: EntityManager, ownerId: number, fileId: number): Promise<boolean> {
  const isRecording = await manager.existsBy(StoredFile, { id: fileId, ownerId, kind: 'recording' });
  if (!isRecording || (await manager.existsBy(MessageFile, { fileId }))) return false;
  return !(await manager.existsBy(Transcription, { ownerId, fileId }));
}
