import { MessageDto } from '../../conversations/dto/message.dto.js';
import type { SpeechFormat } from '../synthesizer.js';
import type { VoiceTurn, VoiceTurnStatus } from '../voice-turn.entity.js';
import { TranscriptionDto } from './transcription.dto.js';

/** A turn that began with a recording. */
export class VoiceTurnDto {
  /** @example 5 */
  id!: number;

  /** @example 7 */
  conversationId!: number;

  /**
   * `transcribing` and `answering` (and speaking) are on their way. Final are `done`: there is an answer, whose own
   * `status` says how it ended, or what was said waits for one where none was asked for; `failed`, with `errorCode`;
   * `cancelled`, by the user.
   */
  status!: VoiceTurnStatus;

  /**
   * Null where it was deleted.
   * @example 12
   */
  transcriptionId!: number | null;

  /**
   * What was said, as a message; null until it was understood.
   * @example 41
   */
  userMessageId!: number | null;

  /** @example 42 */
  assistantMessageId!: number | null;

  /**
   * Whether it is answered.
   * @example true
   */
  answer!: boolean;

  /**
   * Whether the answer is spoken.
   * @example true
   */
  speak!: boolean;

  /**
   * The voice that was asked for; null leaves it to the server.
   * @example 'en-us'
   */
  voice!: string | null;

  /** @example 'mp3' */
  format!: SpeechFormat;

  /**
   * Why it failed: `no_speech`, `turn_running`, `process_ended`, `internal_error`, a code of transcriptions, or one that a typed
   * message would be refused with.
   * @example null
   */
  errorCode!: string | null;

  /**
   * Why not all of the answer was spoken; the answer itself is not touched by it.
   * @example null
   */
  speechErrorCode!: string | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** @example '2026-11-21T08:30:09.000Z' */
  finishedAt!: Date | null;

  static from(row: VoiceTurn): VoiceTurnDto {
    const { id, conversationId, status, transcriptionId, userMessageId, assistantMessageId } = row;
    const { answer, speak, voice, format, errorCode, speechErrorCode, createdAt, finishedAt } = row;
    return {
      ...{ id, conversationId, status, transcriptionId, userMessageId, assistantMessageId },
      ...{ answer, speak, voice, format, errorCode, speechErrorCode, createdAt, finishedAt },
    };
  }
}

/** A sentence of the answer, to be listened to. */
export class SpokenSentenceDto {
  /**
   * Place in the answer, from 0.
   * @example 0
   */
  index!: number;

  /** @example 'Of course, for when?' */
  text!: string;

  /**
   * Where its sound is, on this server.
   * @example '/api/v1/messages/42/speech/sentences/0?voice=en-us&format=mp3'
   */
  url!: string;
}

/** A turn that began with a recording, with all that it has brought. */
export class VoiceMessageDto extends VoiceTurnDto {
  transcription!: TranscriptionDto | null;

  userMessage!: MessageDto | null;

  assistantMessage!: MessageDto | null;

  /** Those that were spoken so far, in their order. */
  sentences!: SpokenSentenceDto[];
}
