import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import type { Message } from '../conversations/message.entity.js';
import { TurnEvents } from '../conversations/turn.events.js';
import { ClipsService } from './clips.service.js';
import { SentenceQueue } from './sentence-queue.js';
import { SentenceSplitter } from './sentences.js';
import { SpeechError } from './synthesizer.js';
import type { VoiceTurn } from './voice-turn.entity.js';
import { sentenceEvent, speechFailedEvent, type ToldSpeech, VoiceTurnEvents } from './voice-turn.events.js';
import { VoiceClaimLostError } from './voice-turn.lease.js';
import { spokenSentence } from './voice-turn.sentences.js';

/** How the speaking of an answer has ended. */
export interface Spoken {
  /** How many sentences were told. */
  sentences: number;
  speechErrorCode: string | null;
  /** The user has stopped the answer, or its speaking. */
  stopped: boolean;
}

/** When speaking is to end. */
export interface SpeakingSignals {
  /** The process ends, or the claim is lost: the rest is another one's. */
  ended: AbortSignal;
  /** The user does not want to hear more. */
  stopped: AbortSignal;
}

/** Speaks an answer while it is being written, sentence by sentence. */
@Injectable()
export class VoiceTurnSpeaker {
  private readonly logger = new Logger('VoiceTurnSpeaker');

  constructor(
    private readonly turns: TurnEvents,
    private readonly clips: ClipsService,
    private readonly events: VoiceTurnEvents,
  ) {}

  /**
   * Follows the answer to its end and tells each sentence when its sound is there; a sound that fails ends the speaking
   * and not the answer.
   * @param told what an earlier attempt has told: that is not told again
   * @throws VoiceClaimLostError where the answer was deleted; what `ended` aborts with
   */
  async speak(
    row: VoiceTurn,
    answer: Message,
    told: ToldSpeech,
    { ended, stopped }: SpeakingSignals,
  ): Promise<Spoken> {
    const queue = this.queue(row, answer, told);
    const leave = () => queue.stop();
    for (const signal of [ended, stopped]) signal.addEventListener('abort', leave, { once: true });
    if (!row.speak || told.failed !== null || stopped.aborted) queue.stop();
    try {
      const isStopped = await this.hear(answer, queue, ended);
      if (isStopped) queue.stop();
      const failed = told.failed ?? (await this.outcome(row, queue));
      ended.throwIfAborted();
      return {
        sentences: queue.told,
        speechErrorCode: failed,
        stopped: isStopped || stopped.aborted,
      };
    } finally {
      for (const signal of [ended, stopped]) signal.removeEventListener('abort', leave);
      queue.stop();
    }
  }

  private queue(row: VoiceTurn, answer: Message, told: ToldSpeech): SentenceQueue<string> {
    const { ownerId, voice, format } = row;
    return new SentenceQueue(
      {
        make: async (index, text, signal, certain) => {
          const part = { index: index + 1, text, certain };
          const { clip } = await this.clips.clip(ownerId, answer, part, { voice, format }, signal);
          return clip.voice;
        },
        tell: (index, text, spokenBy) => {
          const sentence = spokenSentence(row, { index, text, voice: spokenBy });
          return this.events.append(row, sentenceEvent(sentence));
        },
      },
      told.sentences,
    );
  }

  /** Gives the answer's sentences as they are complete, and what is left at its end. True where it was stopped. */
  private async hear(answer: Message, queue: SentenceQueue<string>, ended: AbortSignal): Promise<boolean> {
    const splitter = new SentenceSplitter();
    let last: string | undefined;
    for await (const batch of this.turns.follow(answer, 0, ended)) {
      const said = batch.filter(({ type }) => type === 'message.delta');
      const text = said.map(({ data }) => (data as { text: string }).text).join('');
      for (const sentence of splitter.push(text)) queue.add(sentence);
      queue.guess(splitter.likely());
      last = batch.at(-1)!.type;
    }
    ended.throwIfAborted();
    if (last === undefined || last === 'message.delta' || last === 'message.created')
      throw new VoiceClaimLostError();
    if (last === 'message.stopped') return true;
    for (const sentence of splitter.end()) queue.add(sentence);
    return false;
  }

  /** Waits for what is being spoken; the code with which it failed. */
  private async outcome(row: VoiceTurn, queue: SentenceQueue<string>): Promise<string | null> {
    try {
      await queue.whenDone();
      return null;
    } catch (error) {
      const isKnown = error instanceof SpeechError || error instanceof AppError;
      const code = isKnown ? error.code : 'speech_failed';
      this.logger.warn(`voice turn ${row.id} falls silent: ${code}`);
      await this.events.append(row, speechFailedEvent(code));
      return code;
    }
  }
}
