import { IsIn, IsString } from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { turnErrorText } from '../../common/stored-errors.js';
import { currentLanguage } from '../../common/request-context.js';
import { MaxLength, Optional, OptionalOrNull } from '../../common/validation.js';
import { MessageFileDto } from '../../files/dto/file.dto.js';
import { type FinishReason, isFinal, type Message, type MessageStatus } from '../message.entity.js';

/** Why an answer failed or was interrupted. */
export class MessageErrorDto {
  /**
   * Stable code: `llm_auth`, `llm_quota`, `llm_rate_limit`, `llm_invalid_request`, `llm_context_length`,
   * `llm_content_filter`, `llm_not_found`, `llm_unavailable`, `llm_network`, `llm_timeout`, `llm_too_long`, `llm_protocol`,
   * `storage_unavailable`, `internal_error`, `process_ended`.
   * @example 'llm_content_filter'
   */
  code!: string;

  /** @example 'The language model refused this content.' */
  message!: string;

  /**
   * The provider's own code, where it gave one.
   * @example 'DataInspectionFailed'
   */
  providerCode!: string | null;
}

/** Tokens of one model call. */
export class MessageUsageDto {
  /** @example 203 */
  inputTokens!: number;

  /** @example 14 */
  outputTokens!: number;

  /**
   * True where the provider sent no counts and these are ours.
   * @example false
   */
  estimated!: boolean;
}

/** What a user said, or an answer to it. */
export class MessageDto {
  /** @example 42 */
  id!: number;

  /** @example 7 */
  conversationId!: number;

  /**
   * Place in the conversation, from 1.
   * @example 2
   */
  seq!: number;

  role!: 'user' | 'assistant';

  /**
   * The text; of an answer that is being written, what there is so far (at most 250 ms behind).
   * @example 'Good morning! How can I help you?'
   */
  content!: string;

  /**
   * `pending` and `streaming` are on their way. Final are `completed`, `stopped` (by the user; the part is kept),
   * `interrupted` (the server ended; the part is kept) and `failed` (see `error`; the part is kept).
   * @example 'completed'
   */
  status!: MessageStatus;

  /**
   * The message before it on its branch; null at the beginning. Of an answer: the id of the user's message, which may
   * have several answers. Of a user's message: the id of the answer that it follows. What was recorded follows whatever
   * was said before.
   * @example 41
   */
  replyTo!: number | null;

  /** What goes with it: pictures and documents, the recording of what was said; mostly nothing. */
  files!: MessageFileDto[];

  /** Why it failed or was interrupted; null otherwise. */
  error!: MessageErrorDto | null;

  /**
   * Which language model provider answered.
   * @example 'openai'
   */
  provider!: string | null;

  /** @example 'gpt-4o-mini' */
  model!: string | null;

  /**
   * Why the model ended its answer: `stop`, at its end; `length`, cut by its own limit; `content_filter`, cut by the
   * provider's moderation. Null where it did not end it, and on a user's message.
   * @example 'stop'
   */
  finishReason!: FinishReason | null;

  /** Tokens of the answer, once it has ended; null before, and on a user's message. */
  usage!: MessageUsageDto | null;

  /** What the user thought of the answer. */
  feedback!: 'up' | 'down' | null;

  /**
   * What the user said along with his feedback.
   * @example 'The second date is wrong.'
   */
  feedbackComment!: string | null;

  /**
   * When the text of a spoken answer was first asked for (`POST messages/{id}/reveal`): a client that plays answers
   * keeps the text hidden until then. Null before, and on a user's message.
   */
  revealedAt!: Date | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  static from(message: Message): MessageDto {
    const { id, conversationId, seq, role, content, status, replyTo, provider, model } = message;
    const { feedback, feedbackComment, revealedAt, createdAt } = message;
    return {
      ...{ id, conversationId, seq, role, content, status, replyTo, files: filesOf(message) },
      error: errorOf(message),
      ...{ provider, model, finishReason: message.finishReason },
      ...{ usage: usageOf(message), feedback, feedbackComment, revealedAt, createdAt },
    };
  }
}

/** Whether somebody has said it: an answer that is not there yet, has failed, or is empty is none. */
export function wasSaid({ role, status, content }: Pick<Message, 'role' | 'status' | 'content'>): boolean {
  if (role === 'user') return true;
  return isFinal(status) && status !== 'failed' && content.trim() !== '';
}

function filesOf({ id, hasFiles, files }: Message): MessageFileDto[] {
  if (hasFiles && !files) throw new Error(`the files of message ${id} were not loaded`);
  return (files ?? []).map((file) => MessageFileDto.from(file));
}

function errorOf({ errorCode, providerCode }: Message): MessageErrorDto | null {
  if (errorCode === null) return null;
  return { code: errorCode, message: turnErrorText(errorCode, currentLanguage()), providerCode };
}

function usageOf({ inputTokens, outputTokens, usageEstimated }: Message): MessageUsageDto | null {
  if (inputTokens === null || outputTokens === null) return null;
  return { inputTokens, outputTokens, estimated: usageEstimated };
}

export class MessageQueryDto extends PageQueryDto {
  /**
   * `all` messages, in the order in which they came; or the `active` branch alone, which the model sees.
   * @example 'all'
   */
  @Optional()
  @IsIn(['all', 'active'])
  branch?: 'all' | 'active';
}

/** A page of messages, oldest first; the first page is the newest. */
export class MessagePageDto {
  items!: MessageDto[];

  /**
   * Give it back as `cursor` for the messages before these. Null at the beginning of the conversation.
   * @example null
   */
  nextCursor!: string | null;
}

export class FeedbackDto {
  /**
   * `up`, `down`, or null to take it back.
   * @example 'up'
   */
  @IsIn(['up', 'down', null])
  value!: 'up' | 'down' | null;

  /**
   * Why, in at most 2,000 characters. It stands with this feedback: without it, and with `value` null, there is none.
   * @example 'The second date is wrong.'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(2_000)
  comment?: string | null;
}
