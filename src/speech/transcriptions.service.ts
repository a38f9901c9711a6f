import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, LessThan, type Repository } from 'typeorm';
import type { StreamEvent } from '../../libs/streams/event-streams.js';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import { chosen, fingerprint, keyed } from '../common/idempotency.js';
import { FilesService } from '../files/files.service.js';
import type { UploadedFile } from '../files/upload.js';
import type { TranscribeDto } from './dto/transcribe.dto.js';
import {
  TranscriptionDto,
  TranscriptionSummaryDto,
  type TranscriptionPageDto,
  type TranscriptionQueryDto,
} from './dto/transcription.dto.js';
import {
  type AcceptedTranscription,
  assertOneRecording,
  type StoredAlong,
  TranscriptionAcceptance,
} from './transcription.acceptance.js';
import { TranscriptionEnding } from './transcription.ending.js';
import { Transcription } from './transcription.entity.js';
import { createdEvent, TranscriptionEvents } from './transcription.events.js';
import { TranscriptionJobs } from './transcription.jobs.js';

/** What users do with transcriptions. */
@Injectable()
export class TranscriptionsService {
  constructor(
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly acceptance: TranscriptionAcceptance,
    private readonly ending: TranscriptionEnding,
    private readonly events: TranscriptionEvents,
    private readonly jobs: TranscriptionJobs,
    private readonly files: FilesService,
  ) {}

  /**
   * Whether one more would be taken, before its recording is received. A request with a key that was used before is
   * let through: what it has made already is found.
   * @throws AppError quota_exceeded, too_many_transcriptions
   */
  async admit(ownerId: number, key: string | undefined): Promise<void> {
    if (key === undefined || !(await this.acceptance.isKnown(ownerId, key)))
      await this.acceptance.admit(ownerId);
  }

  /**
   * Has a recording transcribed, later: stores it, and a transcription that is queued. With a key that was used before,
   * finds that transcription again. The blob of a recording that is not kept is dropped, also where this throws.
   * @param also what is stored together with it, in the same transaction
   * @throws AppError not_found, invalid_input, unsupported_audio, quota_exceeded, too_many_transcriptions,
   *   idempotency_key_reused; what `also` throws
   */
  async create(
    ownerId: number,
    dto: TranscribeDto,
    file: UploadedFile | null,
    key?: string,
    also?: StoredAlong,
  ): Promise<AcceptedTranscription> {
    try {
      assertOneRecording(dto, file);
      const idempotency = keyed(key, fingerprint('transcribe', file?.blob.sha256 ?? null, ...chosen(dto)));
      const replay = idempotency && (await this.acceptance.replay(ownerId, idempotency));
      const accepted = replay ?? (await this.acceptance.store(ownerId, dto, file, { idempotency, also }));
      if (!accepted.replayed) await this.begin(accepted.transcription);
      return accepted;
    } finally {
      // One that was kept stays.
      if (file) await this.files.drop(file.blob);
    }
  }

  /** The own transcriptions, newest first, without their segments. */
  async list(
    ownerId: number,
    { limit, cursor, status }: TranscriptionQueryDto,
  ): Promise<TranscriptionPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const where: FindOptionsWhere<Transcription> = {
      ownerId,
      ...(status && { status }),
      ...(before !== undefined && { id: LessThan(before) }),
    };
    const columns = this.transcriptions.metadata.columns.map(({ propertyName }) => propertyName);
    const select = Object.fromEntries(
      columns.filter((name) => name !== 'segments').map((name) => [name, true]),
    );
    const rows = await this.transcriptions.find({ select, where, order: { id: 'DESC' }, take: limit + 1 });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((row) => TranscriptionSummaryDto.from(row)), nextCursor };
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<TranscriptionDto> {
    return TranscriptionDto.from(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Transcription> {
    const row = await this.transcriptions.findOneBy({ id, ownerId });
    if (!row) throw new AppError('not_found');
    return row;
  }

  /** Events above `after`, to the last one. They end without one where the transcription is deleted. */
  follow(row: Transcription, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    return this.events.read(row, after, signal);
  }

  /** Waits for the end of a transcription. @throws AppError not_found where it was deleted; the signal's reason */
  async ended(row: Transcription, signal: AbortSignal): Promise<Transcription> {
    for await (const batch of this.events.read(row, 0, signal)) void batch;
    signal.throwIfAborted();
    return this.findOwned(row.ownerId, row.id);
  }

  /** Ends a transcription that is on its way; one that has ended stays as it is. @throws AppError not_found */
  async cancel(ownerId: number, id: number): Promise<TranscriptionDto> {
    await this.ending.cancel(ownerId, id);
    return this.find(ownerId, id);
  }

  /**
   * Deletes a transcription, and its recording unless a message or another transcription has it.
   * @throws AppError not_found
   */
  async delete(ownerId: number, id: number): Promise<void> {
    const row = await this.findOwned(ownerId, id);
    await this.ending.cancel(ownerId, id);
    await this.ending.delete(row);
  }

  /** Deletes a recording that no message has any more, with all that was made of it. */
  async deleteRecording(ownerId: number, fileId: number): Promise<void> {
    const rows = await this.transcriptions.find({ where: { ownerId, fileId }, select: { id: true } });
    for (const { id } of rows) await this.delete(ownerId, id);
    await this.ending.discardUnused(ownerId, fileId);
  }

  private async begin(row: Transcription): Promise<void> {
    await this.events.append(row, [createdEvent(row)]);
    await this.jobs.add(row);
  }
}
