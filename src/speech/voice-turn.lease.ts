import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { Signals } from '../../libs/streams/signals.js';
import { VoiceTurn } from './voice-turn.entity.js';

/** How long a claimed voice turn stands without a sign of life from its job before that is taken for lost. */
export const LEASE_MS = 5_000;
const BEAT_MS = 1_000;

const STOP = 'voice-turn.stop';

/** The row is not this job's any more: deleted, or taken for lost. Nothing may be written. */
export class VoiceClaimLostError extends Error {
  constructor() {
    super('the voice turn is not this job’s any more');
    this.name = 'VoiceClaimLostError';
  }
}

/** What a job is told while it works on a voice turn. */
export interface VoiceClaim {
  /** Aborts with VoiceClaimLostError when the claim does not stand any more. */
  lost: AbortSignal;
  /** Aborts when the user has stopped the voice turn. */
  stopped: AbortSignal;
}

interface Held {
  id: number;
  lost: AbortController;
  stopped: AbortController;
}

/**
 * The claims of the jobs in this process: one statement a second renews them all, another finds those that do not
 * stand any more, or are to stop. While nothing runs, nothing is asked. That one is to stop comes as a signal, too.
 */
@Injectable()
export class VoiceTurnLease implements OnApplicationShutdown {
  private readonly logger = new Logger('VoiceTurnLease');
  /** By claim. */
  private readonly held = new Map<string, Held>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
    private readonly signals: Signals,
  ) {
    signals.on(STOP, (id) => {
      for (const held of this.held.values()) if (held.id === id) held.stopped.abort();
    });
  }

  /** Renews a claim from now on. */
  hold({ id, leaseOwner, stopRequestedAt }: VoiceTurn): VoiceClaim {
    const held = { id, lost: new AbortController(), stopped: new AbortController() };
    if (stopRequestedAt) held.stopped.abort();
    this.held.set(leaseOwner!, held);
    this.timer ??= setInterval(() => void this.beat(), BEAT_MS).unref();
    return { lost: held.lost.signal, stopped: held.stopped.signal };
  }

  /** Whether a job in this process has this claim. */
  holds(claim: string | null): boolean {
    return claim !== null && this.held.has(claim);
  }

  letGo({ leaseOwner }: VoiceTurn): void {
    this.held.delete(leaseOwner!);
    if (this.held.size === 0) this.pause();
  }

  /** Tells the process that works on it, whichever it is, that the user has stopped it. */
  async tell(id: number): Promise<void> {
    await this.signals.send(STOP, id);
  }

  onApplicationShutdown(): void {
    this.pause();
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async beat(): Promise<void> {
    const claims = [...this.held.keys()];
    try {
      const ids = [...this.held.values()].map(({ id }) => id);
      const own = { id: In(ids), leaseOwner: In(claims) };
      await this.voiceTurns.update(own, { dueAt: new Date(Date.now() + LEASE_MS) });
      const select = { id: true, leaseOwner: true, stopRequestedAt: true } as const;
      const rows = await this.voiceTurns.find({ where: own, select });
      const standing = new Map(rows.map((row) => [row.leaseOwner, row]));
      for (const claim of claims) {
        const row = standing.get(claim);
        if (!row) this.held.get(claim)?.lost.abort(new VoiceClaimLostError());
        else if (row.stopRequestedAt) this.held.get(claim)?.stopped.abort();
      }
    } catch (error) {
      // The next beat tries again; a database that stays away costs the lease, which is what a lease is for.
      this.logger.warn(`cannot renew leases: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }
}
