import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { MaxLength, NotBlank, Optional } from '../../common/validation.js';

/** A list of tags, trimmed: up to 20 different ones of 1 to 50 characters. */
const IsTags = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(trimmed) : value)),
    IsArray(),
    ArrayMaxSize(20),
    ArrayUnique(),
    IsString({ each: true }),
    Matches(/\S/u, { each: true, context: { rule: 'isNotBlank' } }),
    MaxLength(50, { each: true }),
  );

function trimmed(tag: unknown): unknown {
  return typeof tag === 'string' ? tag.trim() : tag;
}

/** A new prompt. */
export class CreatePromptDto {
  /**
   * Up to 200 characters, not blank.
   * @example 'Explain it simply'
   */
  @IsString()
  @NotBlank()
  @MaxLength(200)
  title!: string;

  /**
   * What goes to the bot; up to 20,000 characters, not blank.
   * @example 'Explain photosynthesis to a ten-year-old, with one example from the kitchen.'
   */
  @IsString()
  @NotBlank()
  @MaxLength(20_000)
  text!: string;

  /**
   * Up to 20 different tags of 1 to 50 characters; white space around them is dropped.
   * @example ['school', 'science']
   */
  @Optional()
  @IsTags()
  tags?: string[];

  /**
   * True puts it into the library that everybody sees: for admins only.
   * @example false
   */
  @Optional()
  @IsBoolean()
  shared?: boolean;
}

/** Changes of a prompt: what is absent stays. */
export class UpdatePromptDto {
  /**
   * Up to 200 characters, not blank.
   * @example 'Explain it simply'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  title?: string;

  /**
   * What goes to the bot; up to 20,000 characters, not blank.
   * @example 'Explain photosynthesis to a ten-year-old, with one example from the kitchen.'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(20_000)
  text?: string;

  /**
   * All tags anew: up to 20 different ones of 1 to 50 characters; white space around them is dropped.
   * @example ['school', 'science']
   */
  @Optional()
  @IsTags()
  tags?: string[];
}

/** How many prompts to draw. */
export class RandomPromptsQueryDto {
  /**
   * 1 to 50; fewer come where there are fewer.
   * @example 8
   */
  @ApiPropertyOptional()
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(50)
  count: number = 8;
}
