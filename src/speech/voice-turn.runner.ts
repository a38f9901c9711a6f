import { Injectable, Logger } from '@nestjs/common';
import { JobQueue } from '../../libs/jobs/job-queue.js';
import { describeFailure } from '../common/describe-failure.js';
import { VoiceTurnCourse } from './voice-turn.course.js';
import type { VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnEvents } from './voice-turn.events.js';
import { VOICE_TURN, VoiceTurnHandover } from './voice-turn.handover.js';
import { VoiceClaimLostError, VoiceTurnLease } from './voice-turn.lease.js';
import type { SpeakingSignals } from './voice-turn.speaker.js';
import { type VoiceAttempt, VoiceTurnStore } from './voice-turn.store.js';

/**
 * Answers what was said and speaks the answer: the job of a voice turn whose transcription is there. It may run again
 * after any step and goes on from there: the turn is made once, and a sentence is told once.
 */
@Injectable()
export class VoiceTurnRunner {
  private readonly logger = new Logger('VoiceTurnRunner');

  constructor(
    private readonly store: VoiceTurnStore,
    private readonly lease: VoiceTurnLease,
    private readonly handover: VoiceTurnHandover,
    private readonly course: VoiceTurnCourse,
    private readonly events: VoiceTurnEvents,
    jobs: JobQueue,
  ) {
    jobs.handle<VoiceAttempt>(VOICE_TURN, ({ data }, signal) => this.run(data, signal));
  }

  private async run(attempt: VoiceAttempt, signal: AbortSignal): Promise<void> {
    const row = await this.store.claim(attempt);
    if (!row) return;
    const { lost, stopped } = this.lease.hold(row);
    try {
      await this.finish(row, { ended: AbortSignal.any([signal, lost]), stopped });
    } catch (error) {
      if (error instanceof VoiceClaimLostError || lost.aborted) return await this.leave(row);
      if (!signal.aborted) throw error;
      await this.store.release(row);
      throw error;
    } finally {
      this.lease.letGo(row);
    }
  }

  /** Another attempt has it by now; or it was deleted, and nobody has to wait for anything any more. */
  private async leave(row: VoiceTurn): Promise<void> {
    if (!(await this.store.find(row.ownerId, row.id))) await this.events.forget(row);
  }

  private async finish(row: VoiceTurn, signals: SpeakingSignals): Promise<void> {
    const ended = await this.course.run(row, signals).catch((error: unknown) => {
      if (signals.ended.aborted || error instanceof VoiceClaimLostError) throw error;
      this.logger.error(`voice turn ${row.id}: ${describeFailure(error)}`);
      return this.store.end(row, { status: 'failed', errorCode: 'internal_error' });
    });
    await this.handover.tellEnd(ended);
  }
}
