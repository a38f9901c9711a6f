import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, LessThan, type Repository } from 'typeorm';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import {
  AdminTranscriptionDto,
  type AdminTranscriptionPageDto,
  type TranscriptionQueryDto,
} from './dto/transcription.dto.js';
import { Transcription } from './transcription.entity.js';
import { createdEvent, TranscriptionEvents } from './transcription.events.js';
import { TranscriptionJobs } from './transcription.jobs.js';
import { QUEUED_MS } from './transcription.sweeper.js';

/** Everybody's transcriptions, for admins: how they went, not what was said. */
@Injectable()
export class TranscriptionsAdminService {
  constructor(
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly events: TranscriptionEvents,
    private readonly jobs: TranscriptionJobs,
  ) {}

  /** Newest first. */
  async list({ limit, cursor, status }: TranscriptionQueryDto): Promise<AdminTranscriptionPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const where: FindOptionsWhere<Transcription> = {
      ...(status && { status }),
      ...(before !== undefined && { id: LessThan(before) }),
    };
    const rows = await this.transcriptions.find({ where, order: { id: 'DESC' }, take: limit + 1 });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((row) => AdminTranscriptionDto.from(row)), nextCursor };
  }

  /**
   * Begins one that has failed again, from where it was; what was booked for it is not booked again.
   * @throws AppError not_found, not_failed
   */
  async retry(id: number): Promise<AdminTranscriptionDto> {
    const failed = await this.transcriptions.findOneBy({ id });
    if (!failed) throw new AppError('not_found');
    const { attempt, ownerId } = failed;
    const { affected } = await this.transcriptions.update(
      { id, ownerId, attempt, status: 'failed' },
      {
        ...{ status: 'queued', attempt: attempt + 1, losses: 0, errorCode: null, finishedAt: null },
        dueAt: new Date(Date.now() + QUEUED_MS),
      },
    );
    if (affected === 0) throw new AppError('not_failed');
    const row = await this.transcriptions.findOneByOrFail({ id, ownerId });
    // The old stream has had its end.
    await this.events.forget(row);
    await this.events.append(row, [createdEvent(row)]);
    await this.jobs.add(row);
    return AdminTranscriptionDto.from(row);
  }
}
