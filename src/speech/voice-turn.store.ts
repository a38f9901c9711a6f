import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import { type DataSource, IsNull, LessThan } from 'typeorm';
import { waitForDatabase } from '../database/patience.js';
import { selectRows, updateRows } from '../database/statements.js';
import { VoiceTurn, type VoiceTurnEnd } from './voice-turn.entity.js';
import { LEASE_MS, VoiceClaimLostError } from './voice-turn.lease.js';

/** How long a job waits for a database that is away. */
const PATIENCE_MS = 60_000;
/** How long the last event of an ended voice turn may take before the sweeper writes it. */
const END_MS = 5_000;
/** How long a job that was added may wait for its worker before it is added again; which changes nothing if it waits. */
export const QUEUED_MS = 10_000;

/** Which attempt at which voice turn: what its job is told. */
export interface VoiceAttempt {
  ownerId: number;
  voiceTurnId: number;
  attempt: number;
}

/** How a voice turn ends. */
export interface VoiceEnding {
  status: VoiceTurnEnd;
  errorCode?: string;
  speechErrorCode?: string | null;
  sentences?: number;
}

/**
 * What is written about voice turns once they are stored. What names a claim writes only while that stands, and throws
 * VoiceClaimLostError otherwise. A database that is away is waited for, for a minute.
 */
@Injectable()
export class VoiceTurnStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Somebody's voice turn; null where there is none. */
  async find(ownerId: number, id: number): Promise<VoiceTurn | null> {
    const { manager } = this.dataSource;
    const [row] = await selectRows(manager, VoiceTurn, 'WHERE id = ? AND owner_id = ?', [id, ownerId]);
    return row ?? null;
  }

  /** The transcription is there: from now on a job works on it. False where it has gone on, or ended, already. */
  async answer(row: VoiceTurn): Promise<boolean> {
    const { id, ownerId, attempt } = row;
    const waiting = { id, ownerId, attempt, status: 'transcribing' as const };
    const changes = { status: 'answering' as const, dueAt: new Date(Date.now() + QUEUED_MS) };
    const changed = await this.patiently(() =>
      updateRows(this.dataSource.manager, VoiceTurn, waiting, changes),
    );
    if (changed > 0) Object.assign(row, changes);
    return changed > 0;
  }

  /** Takes an attempt up; null where there is nothing to do, or somebody else does it. */
  async claim({ ownerId, voiceTurnId: id, attempt }: VoiceAttempt): Promise<VoiceTurn | null> {
    const { manager } = this.dataSource;
    const leaseOwner = randomUUID();
    const { affected } = await manager.update(
      VoiceTurn,
      { id, ownerId, attempt, status: 'answering', leaseOwner: IsNull() },
      { leaseOwner, dueAt: new Date(Date.now() + LEASE_MS) },
    );
    if (affected === 0) return null;
    const [row] = await selectRows(manager, VoiceTurn, 'WHERE id = ? AND lease_owner = ?', [id, leaseOwner]);
    return row ?? null;
  }

  /** Gives a claim back, as a process does that ends: the same attempt goes on elsewhere, at once. */
  async release(row: VoiceTurn): Promise<void> {
    await this.change(row, { leaseOwner: null, dueAt: new Date() });
  }

  /** The messages of the turn are there: one, where it is not answered. */
  async begun(row: VoiceTurn, userMessageId: number, assistantMessageId: number | null): Promise<void> {
    const ids = { userMessageId, assistantMessageId };
    await this.patiently(() => this.change(row, ids));
    Object.assign(row, ids);
  }

  /** The job is done. Gives the row as it then is. */
  async end(row: VoiceTurn, ending: VoiceEnding): Promise<VoiceTurn> {
    const changes = endOf(ending);
    await this.patiently(() => this.change(row, changes));
    return Object.assign(new VoiceTurn(), row, changes);
  }

  /** Ends a voice turn that no job works on; null where one does, or it has ended. */
  async endUnclaimed(row: VoiceTurn, ending: VoiceEnding): Promise<VoiceTurn | null> {
    const { id, ownerId, attempt, status } = row;
    const changes = endOf(ending);
    const unclaimed = { id, ownerId, attempt, status, leaseOwner: IsNull() };
    const { affected } = await this.dataSource.manager.update(VoiceTurn, unclaimed, changes);
    return affected === 0 ? null : Object.assign(new VoiceTurn(), row, changes);
  }

  /** A job whose lease has run out is lost: the next attempt is somebody else's. Null where it has come back. */
  async giveUp(row: VoiceTurn): Promise<VoiceTurn | null> {
    const { id, ownerId, attempt, leaseOwner } = row;
    const lost = { id, ownerId, attempt, leaseOwner: leaseOwner!, dueAt: LessThan(new Date()) };
    const changes = { attempt: attempt + 1, leaseOwner: null, dueAt: new Date(Date.now() + QUEUED_MS) };
    const { affected } = await this.dataSource.manager.update(VoiceTurn, lost, changes);
    return affected === 0 ? null : Object.assign(new VoiceTurn(), row, changes);
  }

  /** It is looked at again later: its job waits, or what it waits for is on its way. */
  async postpone({ id, ownerId, attempt, status }: VoiceTurn): Promise<void> {
    const unclaimed = { id, ownerId, attempt, status, leaseOwner: IsNull() };
    const dueAt = new Date(Date.now() + QUEUED_MS);
    await this.dataSource.manager.update(VoiceTurn, unclaimed, { dueAt });
  }

  /** Notes that the user wants it to stop, for whichever job works on it. */
  async requestStop({ id, ownerId, activeIn }: VoiceTurn): Promise<void> {
    const active = { id, ownerId, activeIn: activeIn! };
    await updateRows(this.dataSource.manager, VoiceTurn, active, { stopRequestedAt: new Date() });
  }

  /** What somebody may have to take care of. */
  due(count: number): Promise<VoiceTurn[]> {
    const { manager } = this.dataSource;
    return manager.find(VoiceTurn, { where: { dueAt: LessThan(new Date()) }, take: count });
  }

  /** The last event is written: nothing is left to do. */
  async settle({ id, ownerId, status }: VoiceTurn): Promise<void> {
    await updateRows(this.dataSource.manager, VoiceTurn, { id, ownerId, status }, { dueAt: null });
  }

  /** @throws VoiceClaimLostError */
  private async change({ id, ownerId, leaseOwner }: VoiceTurn, values: Partial<VoiceTurn>): Promise<void> {
    const claimed = { id, ownerId, leaseOwner, status: 'answering' as const };
    const changed = await updateRows(this.dataSource.manager, VoiceTurn, claimed, values);
    if (changed === 0) throw new VoiceClaimLostError();
  }

  private patiently<T>(work: () => Promise<T>): Promise<T> {
    return waitForDatabase(work, PATIENCE_MS);
  }
}

function endOf({ status, errorCode, speechErrorCode = null, sentences = 0 }: VoiceEnding) {
  const finishedAt = new Date();
  return {
    ...{ status, errorCode: errorCode ?? null, speechErrorCode, sentences, finishedAt },
    ...{ activeIn: null, leaseOwner: null, dueAt: new Date(finishedAt.getTime() + END_MS) },
  };
}
