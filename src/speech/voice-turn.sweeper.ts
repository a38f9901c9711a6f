import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Sweep } from '../database/sweep.js';
import { isOver, type VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnHandover } from './voice-turn.handover.js';
import { LEASE_MS, VoiceTurnLease } from './voice-turn.lease.js';
import { VoiceTurnStore } from './voice-turn.store.js';

const SWEEP_MS = 500;
const BATCH = 100;

/** A voice turn that takes every process with it is not tried for ever. */
const MAX_ATTEMPTS = 5;

/** Takes care of what processes have left undone that are gone: each voice turn goes on from where it stands. */
@Injectable()
export class VoiceTurnSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('VoiceTurnSweeper');
  private readonly sweep = new Sweep<VoiceTurn>({
    ...{ name: 'VoiceTurnSweeper', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
    look: () => this.store.due(BATCH),
    take: (row) => this.take(row),
  });

  constructor(
    private readonly store: VoiceTurnStore,
    private readonly lease: VoiceTurnLease,
    private readonly handover: VoiceTurnHandover,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  private async take(row: VoiceTurn): Promise<void> {
    if (isOver(row.status)) return this.handover.tellEnd(row);
    if (row.status === 'transcribing') return this.handover.look(row);
    if (row.leaseOwner === null) return this.revive(row);
    // What this process works on is not lost, however long a database was away that should have been told so.
    if (this.lease.holds(row.leaseOwner)) return;
    const lost = await this.store.giveUp(row);
    if (!lost) return;
    this.logger.log(`voice turn ${row.id} is taken up again: its process is gone`);
    await this.revive(lost);
  }

  /** No job works on it: one is on its way, or is sent there now. */
  private async revive(row: VoiceTurn): Promise<void> {
    if (row.stopRequestedAt !== null) await this.handover.end(row, { status: 'cancelled' });
    else if (row.attempt > MAX_ATTEMPTS)
      await this.handover.end(row, { status: 'failed', errorCode: 'process_ended' });
    else {
      await this.store.postpone(row);
      await this.handover.enqueue(row);
    }
  }
}
