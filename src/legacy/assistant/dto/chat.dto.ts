import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray } from 'class-validator';
import { OptionalOrNull } from '../../../common/validation.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';
import { referenceOf } from '../reference.js';

function referencesOf(value: unknown): number[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  // The same bytes uploaded twice are one file.
  return [...new Set([value].flat().map(referenceOf))];
}

/** What a user says to the assistant. */
export class AssistantChatDto extends LegacyInput {
  /**
   * What the user says; up to 100,000 characters, not blank.
   * @example '请总结这份文件'
   */
  @LegacyText(100_000)
  message?: string;

  /**
   * Who says it; the user who has logged in.
   * @example 'xiaoming'
   */
  @LegacyText(200)
  username?: string;

  /** The conversation to go on with; absent, null or empty for a new one. */
  @ApiPropertyOptional({ type: 'string', nullable: true, example: '' })
  @Transform(({ value }: { value: unknown }) =>
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
      ? undefined
      : referenceOf(value),
  )
  @OptionalOrNull()
  conversation_id?: number;

  /** Up to 10 files that were uploaded before, by id. */
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string' },
    nullable: true,
    maxItems: 10,
    example: [],
  })
  @Transform(({ value }: { value: unknown }) => referencesOf(value))
  @OptionalOrNull()
  @IsArray()
  @ArrayMaxSize(10)
  file_ids?: number[];
}

/** What a user may ask next. */
export class AssistantSuggestionsDto {
  /**
   * Up to three questions, in the language of the conversation.
   * @example ['Which tea goes with it?']
   */
  data!: string[];
}
