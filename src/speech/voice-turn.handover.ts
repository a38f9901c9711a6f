import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { JobQueue } from '../../libs/jobs/job-queue.js';
import { isFinal, Transcription } from './transcription.entity.js';
import { TranscriptionEvents } from './transcription.events.js';
import { VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnEvents } from './voice-turn.events.js';
import { type VoiceAttempt, type VoiceEnding, VoiceTurnStore } from './voice-turn.store.js';

/** The job that answers what was said in a recording, and speaks the answer. */
export const VOICE_TURN = 'speech.voice-turn';

/** Brings voice turns from their transcriptions to their jobs, or to their end. Each step may be tried by anybody. */
@Injectable()
export class VoiceTurnHandover {
  private readonly logger = new Logger('VoiceTurnHandover');

  constructor(
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly jobs: JobQueue,
    private readonly store: VoiceTurnStore,
    private readonly events: VoiceTurnEvents,
    transcriptionEvents: TranscriptionEvents,
  ) {
    transcriptionEvents.listen((transcription) => this.transcribed(transcription));
  }

  /** A transcription has ended, which may be the first part of a voice turn. */
  private async transcribed(transcription: Transcription): Promise<void> {
    const { id: transcriptionId, ownerId } = transcription;
    const row = await this.voiceTurns.findOneBy({ transcriptionId, ownerId, status: 'transcribing' });
    if (row) await this.goOn(row, transcription);
  }

  /** Looks whether the transcription has ended. */
  async look(row: VoiceTurn): Promise<void> {
    const { transcriptionId: id, ownerId } = row;
    const transcription = await this.transcriptions.findOneBy({ id: id ?? 0, ownerId });
    if (!transcription) await this.end(row, { status: 'cancelled' });
    else if (isFinal(transcription.status)) await this.goOn(row, transcription);
    else await this.store.postpone(row);
  }

  /** Adds the job; nothing happens where it waits or runs already. */
  async enqueue({ id, ownerId, attempt }: VoiceTurn): Promise<void> {
    const data: VoiceAttempt = { ownerId, voiceTurnId: id, attempt };
    try {
      await this.jobs.add(VOICE_TURN, data, { jobId: `${id}.${attempt}` });
    } catch (error) {
      // The sweeper adds it again.
      this.logger.warn(`the job of voice turn ${id} has to wait: ${(error as Error).name}`);
    }
  }

  /** Ends a voice turn that no job works on; null where one does, or it has ended. */
  async end(row: VoiceTurn, ending: VoiceEnding): Promise<VoiceTurn | null> {
    const ended = await this.store.endUnclaimed(row, ending);
    if (ended) await this.tellEnd(ended);
    return ended;
  }

  /** Writes the last event of an ended voice turn. */
  async tellEnd(ended: VoiceTurn): Promise<void> {
    await this.events.end(ended);
    await this.store.settle(ended);
  }

  private async goOn(row: VoiceTurn, { status, text, errorCode }: Transcription): Promise<void> {
    if (status === 'cancelled') await this.end(row, { status });
    else if (status === 'failed') await this.end(row, { status, errorCode: errorCode ?? 'speech_failed' });
    else if (text?.trim() === '') await this.end(row, { status: 'failed', errorCode: 'no_speech' });
    else if (await this.store.answer(row)) await this.enqueue(row);
  }
}
