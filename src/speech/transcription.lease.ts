import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { Signals } from '../../libs/streams/signals.js';
import { Transcription } from './transcription.entity.js';

/** How long a running transcription stands without a sign of life from its job before it is taken for lost. */
export const LEASE_MS = 5_000;
const BEAT_MS = 1_000;

const STOP = 'transcription.stop';

/** The row is not this job's any more: cancelled, deleted, or taken for lost. Nothing may be written. */
export class ClaimLostError extends Error {
  constructor() {
    super('the transcription is not this job’s any more');
    this.name = 'ClaimLostError';
  }
}

/**
 * The claims of the jobs in this process: one statement a second renews them all, another finds those that do not
 * stand any more. While nothing runs, nothing is asked. That one is to stop comes as a signal, too, which is faster.
 */
@Injectable()
export class TranscriptionLease implements OnApplicationShutdown {
  private readonly logger = new Logger('TranscriptionLease');
  /** By claim. */
  private readonly held = new Map<string, { id: number; lost: AbortController }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly signals: Signals,
  ) {
    signals.on(STOP, (id) => {
      for (const held of this.held.values()) if (held.id === id) held.lost.abort(new ClaimLostError());
    });
  }

  /** Renews a claim from now on. The signal aborts with ClaimLostError when it does not stand any more. */
  hold({ id, leaseOwner }: Transcription): AbortSignal {
    const lost = new AbortController();
    this.held.set(leaseOwner!, { id, lost });
    this.timer ??= setInterval(() => void this.beat(), BEAT_MS).unref();
    return lost.signal;
  }

  /** Whether a job in this process has this claim. */
  holds(claim: string | null): boolean {
    return claim !== null && this.held.has(claim);
  }

  letGo({ leaseOwner }: Transcription): void {
    this.held.delete(leaseOwner!);
    if (this.held.size === 0) this.pause();
  }

  /** Tells the process that works on it, whichever it is, that its claim does not stand any more. */
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
      const own = { id: In(ids), leaseOwner: In(claims), status: 'running' as const };
      await this.transcriptions.update(own, { dueAt: new Date(Date.now() + LEASE_MS) });
      const standing = await this.transcriptions.find({ where: own, select: { id: true, leaseOwner: true } });
      const stands = new Set(standing.map(({ leaseOwner }) => leaseOwner));
      for (const claim of claims)
        if (!stands.has(claim)) this.held.get(claim)?.lost.abort(new ClaimLostError());
    } catch (error) {
      // The next beat tries again; a database that stays away costs the lease, which is what a lease is for.
      this.logger.warn(`cannot renew leases: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }
}
