import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { Sweep } from '../database/sweep.js';
import { TranscriptionEvents } from './transcription.events.js';
import { isFinal, Transcription } from './transcription.entity.js';
import { TranscriptionJobs } from './transcription.jobs.js';
import { LEASE_MS, TranscriptionLease } from './transcription.lease.js';
import { TranscriptionStore } from './transcription.store.js';

const SWEEP_MS = 1_000;
const BATCH = 100;

/** When a queued one is looked at again: its job may have got lost with the queue that had it. */
export const QUEUED_MS = 5_000;

/** A recording that takes every process with it is not begun for ever. */
const MAX_LOSSES = 5;

/**
 * Takes care of what nobody else takes care of any more: jobs that were never added or got lost, transcriptions whose
 * process is gone, last events that were not written. Runs in every process; each step is done by one of them.
 */
@Injectable()
export class TranscriptionSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('TranscriptionSweeper');
  private readonly sweep = new Sweep<Transcription>({
    ...{ name: 'TranscriptionSweeper', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
    look: () => this.due(),
    take: (row) => this.take(row),
  });

  constructor(
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly lease: TranscriptionLease,
    private readonly store: TranscriptionStore,
    private readonly events: TranscriptionEvents,
    private readonly jobs: TranscriptionJobs,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  private due(): Promise<Transcription[]> {
    return this.transcriptions.find({
      where: { dueAt: LessThan(new Date()) },
      order: { dueAt: 'ASC' },
      take: BATCH,
    });
  }

  private async take(row: Transcription): Promise<void> {
    // What this process works on is not lost, however long a database was away that should have been told so.
    if (this.lease.holds(row.leaseOwner)) return;
    if (isFinal(row.status)) {
      await this.events.end(row);
      await this.store.settle(row);
    } else if (row.status === 'queued') await this.addAgain(row);
    else if (row.losses < MAX_LOSSES) await this.beginAgain(row);
    else await this.interrupt(row);
  }

  private async addAgain(row: Transcription): Promise<void> {
    const dueAt = new Date(Date.now() + QUEUED_MS);
    if (await this.change(row, { dueAt })) await this.jobs.add(row);
  }

  private async beginAgain(row: Transcription): Promise<void> {
    const { id, attempt, losses } = row;
    const next = {
      ...{ status: 'queued' as const, attempt: attempt + 1, losses: losses + 1 },
      ...{ leaseOwner: null, dueAt: new Date(Date.now() + QUEUED_MS) },
    };
    if (!(await this.change(row, next))) return;
    this.logger.log(`transcription ${id} is begun again: its process is gone`);
    await this.jobs.add(Object.assign(row, next));
  }

  private async interrupt(row: Transcription): Promise<void> {
    const finishedAt = new Date();
    const ended = {
      ...{ status: 'failed' as const, errorCode: 'interrupted' as const, finishedAt },
      ...{ leaseOwner: null, dueAt: new Date(finishedAt.getTime() + QUEUED_MS) },
    };
    if (!(await this.change(row, ended))) return;
    this.logger.error(`transcription ${row.id} has lost its process ${MAX_LOSSES} times; not tried again`);
    await this.events.end(Object.assign(row, ended));
    await this.store.settle(row);
  }

  /** Only where nothing has happened since the row was read: its job may have come back a moment ago. */
  private async change(row: Transcription, values: Partial<Transcription>): Promise<boolean> {
    const { id, attempt, status } = row;
    const { affected } = await this.transcriptions.update(
      { id, attempt, status, dueAt: LessThan(new Date()) },
      values,
    );
    return affected === 1;
  }
}
