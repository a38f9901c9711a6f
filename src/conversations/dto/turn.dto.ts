import { IsString } from 'class-validator';
import { MaxLength, NotBlank } from '../../common/validation.js';
import { MessageDto } from './message.dto.js';

export class SendMessageDto {
  /**
   * What the user says; 1 to 100,000 characters, not blank.
   * @example 'Could I have a table for two, please?'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100_000)
  content!: string;
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
