import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import type { MessageDto } from '../conversations/dto/message.dto.js';
import { MessagesService } from '../conversations/messages.service.js';
import { TurnsService } from '../conversations/turns.service.js';
import { type AskedTurn, VoiceTurnAsking } from './voice-turn.asking.js';
import type { VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnEvents } from './voice-turn.events.js';
import { type SpeakingSignals, VoiceTurnSpeaker } from './voice-turn.speaker.js';
import { type VoiceEnding, VoiceTurnStore } from './voice-turn.store.js';

/** What becomes of a voice turn once its transcription is there: it is said, answered, and the answer is spoken. */
@Injectable()
export class VoiceTurnCourse {
  constructor(
    private readonly asking: VoiceTurnAsking,
    private readonly turns: TurnsService,
    private readonly messages: MessagesService,
    private readonly speaker: VoiceTurnSpeaker,
    private readonly events: VoiceTurnEvents,
    private readonly store: VoiceTurnStore,
  ) {}

  /**
   * Gives the row as it has ended; its last event is the caller's to write.
   * @throws VoiceClaimLostError; what `ended` aborts with
   */
  async run(row: VoiceTurn, signals: SpeakingSignals): Promise<VoiceTurn> {
    return row.answer ? this.answer(row, signals) : this.note(row, signals);
  }

  /** It waits for its answer, which somebody asks for later. */
  private async note(row: VoiceTurn, signals: SpeakingSignals): Promise<VoiceTurn> {
    const noted = await this.orEnding(signals, (signal) => this.asking.note(row, signal));
    if (!('id' in noted)) return this.store.end(row, noted);
    await this.store.begun(row, noted.id, null);
    return this.store.end(row, { status: 'done' });
  }

  private async answer(row: VoiceTurn, signals: SpeakingSignals): Promise<VoiceTurn> {
    const asked = await this.asked(row, signals);
    if ('status' in asked) return this.store.end(row, asked);
    const answer = asked.assistantMessage;
    const stop = () => void this.turns.stop(row.ownerId, answer.id).catch(() => undefined);
    signals.stopped.addEventListener('abort', stop, { once: true });
    try {
      await this.store.begun(row, asked.userMessage.id, answer.id);
      if (signals.stopped.aborted) stop();
      const told = await this.events.begin(row);
      const { stopped, ...spoken } = await this.speaker.speak(row, answer, told, signals);
      return await this.store.end(row, { status: stopped ? 'cancelled' : 'done', ...spoken });
    } finally {
      signals.stopped.removeEventListener('abort', stop);
    }
  }

  /** The turn, or how it ends without one. */
  private async asked(row: VoiceTurn, signals: SpeakingSignals): Promise<AskedTurn | VoiceEnding> {
    const { ownerId, userMessageId, assistantMessageId } = row;
    if (userMessageId !== null && assistantMessageId !== null) {
      const userMessage = await this.messages.findOwned(ownerId, userMessageId);
      return { userMessage, assistantMessage: await this.messages.findOwned(ownerId, assistantMessageId) };
    }
    return this.orEnding(signals, (signal) => this.asking.ask(row, signal));
  }

  /** What the work gives, or how the voice turn ends without that. */
  private async orEnding<T extends AskedTurn | MessageDto>(
    { ended, stopped }: SpeakingSignals,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | VoiceEnding> {
    try {
      return await work(AbortSignal.any([ended, stopped]));
    } catch (error) {
      ended.throwIfAborted();
      if (stopped.aborted) return { status: 'cancelled' };
      if (!(error instanceof AppError)) throw error;
      return { status: 'failed', errorCode: error.code };
    }
  }
}
