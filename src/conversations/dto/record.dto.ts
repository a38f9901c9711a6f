import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsString,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { HoldsNoLists, MaxLength, NotBlank, Optional } from '../../common/validation.js';
import { MessageDto } from './message.dto.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
/** The first second that a database of ours can hold. */
const EARLIEST = Date.parse('1000-01-01T00:00:00Z');

/** A time that has passed, with its zone. */
const IsPast = () =>
  ValidateBy({
    name: 'isPast',
    validator: {
      validate: (value) =>
        value instanceof Date && value.getTime() >= EARLIEST && value.getTime() <= Date.now(),
    },
  });

/** A message that is kept as it is. */
export class MessageRecordDto {
  /** Who said it. Any order is taken: several of one role in a row, an answer at the beginning. */
  @IsIn(['user', 'assistant'])
  role!: 'user' | 'assistant';

  /**
   * What was said; 1 to 100,000 characters, not blank.
   * @example 'Could I have a table for two, please?'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100_000)
  content!: string;

  /**
   * When it was said, with its zone; without it now. Not in the future. Messages stand in the order of the list, whatever
   * their times are.
   * @example '2026-11-21T08:30:00.000Z'
   */
  @Optional()
  @Transform(({ value }: { value: unknown }) => timeOf(value))
  @IsPast()
  createdAt?: Date;
}

/** Messages that were said elsewhere. */
export class RecordMessagesDto {
  /** 1 to 100 messages, the oldest first. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @HoldsNoLists()
  @ValidateNested({ each: true })
  @Type(() => MessageRecordDto)
  items!: MessageRecordDto[];
}

/** Messages as they were kept, the oldest first. */
export class RecordedMessagesDto {
  items!: MessageDto[];
}

export class RewordMessageDto {
  /**
   * What the user says instead; 1 to 100,000 characters, not blank.
   * @example 'Could I have a table for three, please?'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100_000)
  content!: string;
}

function timeOf(value: unknown): unknown {
  return typeof value === 'string' && TIME.test(value) ? new Date(value) : value;
}
