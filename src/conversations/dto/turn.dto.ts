import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, IsString, Max, Min } from 'class-validator';
import { MaxLength, NotBlank, Optional, OptionalOrNull } from '../../common/validation.js';
import { ON_DISCONNECT, type OnDisconnect } from '../message.entity.js';
import { MessageDto } from './message.dto.js';

/** How a turn is to be run. */
export class RegenerateDto {
  /** The body may be left out. */
  static readonly isOptionalBody: boolean = true;

  /**
   * What becomes of the turn when nobody listens any more: `continue` lets it go on to its end; `cancel` stops it
   * when nobody has listened, at any process, for the server's time of grace (DISCONNECT_GRACE_MS).
   * @example 'continue'
   */
  @Optional()
  @IsIn(ON_DISCONNECT)
  onDisconnect?: OnDisconnect;
}

/** What a user says. */
export class PromptDto extends RegenerateDto {
  static override readonly isOptionalBody = false;

  /**
   * What the user says; 1 to 100,000 characters, not blank.
   * @example 'Could I have a table for two, please?'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100_000)
  content!: string;

  /**
   * Up to 10 of the caller's pictures and documents, by id, that were read (`extraction.status` is `done`): the model
   * sees them with this message and later ones of its branch. Pictures need a model that sees.
   * @example [17]
   */
  @Optional()
  @IsArray()
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  fileIds?: number[];

  /**
   * Seconds, up to 60, for which files that are still being read are waited for before the turn begins. Without it, or
   * where that is not long enough, such a file refuses the message (`file_not_ready`).
   * @example 0
   */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(60)
  waitForFiles?: number;
}

export class SendMessageDto extends PromptDto {
  /**
   * The answer of this conversation to go on from, or a message that was recorded without one; null for the beginning: a
   * message that is said otherwise begins a branch beside the first one. Without it the conversation goes on from its active branch.
   * @example 42
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  replyTo?: number | null;
}

/** What a user says first in a conversation. */
export class FirstMessageDto extends PromptDto {
  /**
   * One of the caller's chatbots, which is to answer.
   * @example 3
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  chatbotId?: number | null;

  /**
   * One of the caller's topics, which the conversation is to be on.
   * @example 5
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  topicId?: number | null;
}

/** Both messages of a turn. */
export class TurnDto {
  userMessage!: MessageDto;

  /** The answer; look at its `status`: it may have failed, or been stopped. */
  assistantMessage!: MessageDto;
}

/** A piece of the answer. */
export class DeltaDto {
  /** @example 'Good morn' */
  text!: string;
}

/** The end of a turn. */
export class TurnEndDto {
  /** The whole answer, as it is stored. */
  message!: MessageDto;
}

/** The end of a turn that failed. */
export class TurnFailureDto extends TurnEndDto {
  /**
   * `message.error.code` again.
   * @example 'llm_content_filter'
   */
  code!: string;
}

/** First event: both messages are stored. */
export class MessageCreatedEventDto {
  /** @example 1 */
  id!: number;
  event!: 'message.created';
  data!: TurnDto;
}

/** Any number of them: the answer, piece by piece. */
export class MessageDeltaEventDto {
  /** @example 2 */
  id!: number;
  event!: 'message.delta';
  data!: DeltaDto;
}

/** Last event: the answer is whole. */
export class MessageCompletedEventDto {
  /** @example 31 */
  id!: number;
  event!: 'message.completed';
  data!: TurnEndDto;
}

/** Last event: somebody stopped the answer; what there was is kept. */
export class MessageStoppedEventDto {
  /** @example 17 */
  id!: number;
  event!: 'message.stopped';
  data!: TurnEndDto;
}

/** Last event: the server ended before the answer did; what there was is kept. */
export class MessageInterruptedEventDto {
  /** @example 17 */
  id!: number;
  event!: 'message.interrupted';
  data!: TurnEndDto;
}

/** Last event: the language model failed; what there was is kept. */
export class MessageFailedEventDto {
  /** @example 17 */
  id!: number;
  event!: 'message.failed';
  data!: TurnFailureDto;
}

export const TURN_EVENTS = [
  MessageCreatedEventDto,
  MessageDeltaEventDto,
  MessageCompletedEventDto,
  MessageStoppedEventDto,
  MessageInterruptedEventDto,
  MessageFailedEventDto,
];
