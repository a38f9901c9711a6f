import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { RecordingPlan } from '../../libs/audio/pieces.js';
import type { WhisperResult } from '../../libs/whisper/whisper-engine.js';
import { waitForDatabase } from '../database/patience.js';
import { execute, insertRow, selectRows, updateRows } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { UsageService } from '../usage/usage.service.js';
import type { Transcript } from './transcript.js';
import { TranscriptionPiece } from './transcription-piece.entity.js';
import { Transcription, type TranscriptionErrorCode } from './transcription.entity.js';
import { ClaimLostError, LEASE_MS } from './transcription.lease.js';

/** How long a job waits for a database that is away. */
const PATIENCE_MS = 60_000;
/** How long the last event of an ended transcription may take before the sweeper writes it. */
export const END_MS = 5_000;

/** Which attempt at which transcription: what its job is told. */
export interface Attempt {
  ownerId: number;
  transcriptionId: number;
  attempt: number;
}

/**
 * What a job writes about its transcription. Every method but `claim` writes only while the job's claim stands, and
 * throws ClaimLostError otherwise: of two jobs that run at once the one that was given up changes nothing. A database
 * that is away is waited for, for a minute.
 */
@Injectable()
export class TranscriptionStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly usage: UsageService,
  ) {}

  /** Takes a queued attempt up; null where there is nothing to do, or somebody else does it. */
  async claim({ ownerId, transcriptionId: id, attempt }: Attempt): Promise<Transcription | null> {
    const { manager } = this.dataSource;
    const leaseOwner = randomUUID();
    const dueAt = new Date(Date.now() + LEASE_MS);
    const queued = { id, ownerId, attempt, status: 'queued' as const };
    const taken = await updateRows(manager, Transcription, queued, { status: 'running', leaseOwner, dueAt });
    if (taken === 0) return null;
    const [row] = await selectRows(manager, Transcription, 'WHERE id = ? AND lease_owner = ?', [
      ...[id, leaseOwner],
    ]);
    return row ?? null;
  }

  /** Gives a claim back, as a process does that ends: the same attempt goes on elsewhere, at once. */
  async release(row: Transcription): Promise<void> {
    const { manager } = this.dataSource;
    await this.change(manager, row, { status: 'queued', leaseOwner: null, dueAt: new Date() });
  }

  /** The pieces that an earlier attempt has planned, in order; none where the recording is a single one. */
  pieces({ id }: Transcription): Promise<TranscriptionPiece[]> {
    const { manager } = this.dataSource;
    return selectRows(manager, TranscriptionPiece, 'WHERE transcription_id = ? ORDER BY idx', [id]);
  }

  /**
   * Writes down how long the recording is and how it is cut, and books its length to its owner, for today.
   * False where that does not fit into his quota: then nothing is written.
   */
  async plan(row: Transcription, { durationMs, pieces }: RecordingPlan): Promise<boolean> {
    return this.patiently(() =>
      inTransaction(this.dataSource, async (manager) => {
        if (!(await this.usage.bookAudio(manager, row.ownerId, durationMs))) return false;
        const { affected } = await execute(
          manager,
          "UPDATE transcriptions SET duration_ms = ? WHERE id = ? AND lease_owner = ? AND status = 'running' " +
            'AND duration_ms IS NULL',
          [durationMs, row.id, row.leaseOwner],
        );
        if (affected === 0) throw new ClaimLostError();
        // A single piece is done or not: there is nothing in between to be kept.
        for (const [idx, piece] of pieces.length > 1 ? pieces.entries() : [])
          await insertRow(manager, TranscriptionPiece, {
            ...{ transcriptionId: row.id, idx, ...piece, result: null },
          });
        return true;
      }),
    );
  }

  /** Keeps what was heard in a piece. */
  async keep(
    row: Transcription,
    idx: number,
    result: WhisperResult,
    progress: number,
    engine: string,
  ): Promise<void> {
    await this.patiently(() =>
      inTransaction(this.dataSource, async (manager) => {
        await this.change(manager, row, { progress, engine, losses: 0 });
        const where = { transcriptionId: row.id, idx };
        await updateRows(manager, TranscriptionPiece, where, { result: JSON.stringify(result) });
      }),
    );
  }

  /** The transcription is done. Gives the row as it then is. */
  finish(row: Transcription, transcript: Transcript, engine: string | null): Promise<Transcription> {
    const { text, language, segments } = transcript;
    return this.end(
      row,
      {
        ...{ status: 'done', progress: 1, text, segments: JSON.stringify(segments) },
        ...{ detectedLanguage: language ?? row.language, engine: engine ?? row.engine },
      },
      (manager) => manager.delete(TranscriptionPiece, { transcriptionId: row.id }),
    );
  }

  /** The transcription has failed; what is done of it is kept for another attempt. Gives the row as it then is. */
  fail(row: Transcription, errorCode: TranscriptionErrorCode): Promise<Transcription> {
    return this.end(row, { status: 'failed', errorCode });
  }

  /** The last event is written: nothing is left to do. */
  async settle({ id, ownerId, status }: Transcription): Promise<void> {
    await updateRows(this.dataSource.manager, Transcription, { id, ownerId, status }, { dueAt: null });
  }

  private async end(
    row: Transcription,
    values: Partial<Transcription>,
    also?: (manager: EntityManager) => Promise<unknown>,
  ): Promise<Transcription> {
    const finishedAt = new Date();
    const dueAt = new Date(finishedAt.getTime() + END_MS);
    const changes = { ...values, leaseOwner: null, finishedAt, dueAt };
    await this.patiently(async () => {
      if (!also) return this.change(this.dataSource.manager, row, changes);
      await inTransaction(this.dataSource, async (manager) => {
        await this.change(manager, row, changes);
        await also(manager);
      });
    });
    return Object.assign(new Transcription(), row, changes);
  }

  /** @throws ClaimLostError */
  private async change(
    manager: EntityManager,
    { id, ownerId, leaseOwner }: Transcription,
    values: Partial<Transcription>,
  ): Promise<void> {
    const claimed = { id, ownerId, leaseOwner, status: 'running' as const };
    if ((await updateRows(manager, Transcription, claimed, values)) === 0) throw new ClaimLostError();
  }

  private patiently<T>(work: () => Promise<T>): Promise<T> {
    return waitForDatabase(work, PATIENCE_MS);
  }
}
