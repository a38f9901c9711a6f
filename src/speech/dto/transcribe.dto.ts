import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Matches, Max, Min } from 'class-validator';
import { MaxLength, NotBlank, Optional } from '../../common/validation.js';
import { TRANSCRIPTION_TASKS, type TranscriptionTask } from '../transcription.entity.js';

/** Forms have text only. */
const Flag = () => Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : value));

/** How a recording is to be transcribed. */
export class TranscribeOptionsDto {
  /**
   * What is spoken, as a language tag; its first part counts. A language that is known takes half the time to hear;
   * without it the engine finds out.
   * @example 'en'
   */
  @Optional()
  @IsString()
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*$/, { context: { rule: 'isLanguageTag' } })
  @MaxLength(35)
  language?: string;

  /**
   * `transcribe` writes down what was said, `translate` says it in English.
   * @example 'transcribe'
   */
  @Optional()
  @IsIn(TRANSCRIPTION_TASKS)
  task?: TranscriptionTask;

  /**
   * Words that are likely to come, in the language that is spoken; at most 500 characters.
   * @example 'laksa, kopi, hawker centre'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(500)
  prompt?: string;

  /**
   * Whether words with their times and probabilities are wanted, too.
   * @example false
   */
  @ApiPropertyOptional()
  @Optional()
  @Flag()
  @IsBoolean()
  words?: boolean;

  /**
   * One of the caller's topics: its words are likely to come, too. Without it, that of the conversation.
   * @example 5
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  topicId?: number;

  /**
   * One of the caller's conversations: recording and transcription are deleted with it.
   * @example 7
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  conversationId?: number;
}

/** A recording to be transcribed: sent along, or one that is stored already. */
export class TranscribeDto extends TranscribeOptionsDto {
  /**
   * A recording of the caller's that is stored already, in place of `file`.
   * @example 31
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  fileId?: number;
}
