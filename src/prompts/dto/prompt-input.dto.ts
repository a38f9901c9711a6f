import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { MaxLength, NotBlank, Optional } from '../../common/validation.js';
import { tagKey } from '../tag-key.js';

/** A list of tags, trimmed: up to 20 different ones of 1 to 50 characters. */
export const IsTags = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(trimmed) : value)),
    IsArray(),
    ArrayMaxSize(20),
    ArrayUnique((tag: unknown) => (typeof tag === 'string' ? tagKey(tag) : tag)),
    IsString({ each: true }),
    Matches(/\S/u, { each: true, context: { rule: 'isNotBlank' } }),
    MaxLength(50, { each: true }),
  );

function trimmed(tag: unknown): unknown {
  return typeof tag === 'string' ? tag.trim() : tag;
}

/** What a prompt is made of. */
export class NewPromptDto {
  /**
   * Up to 200 characters, not blank.
   * @example 'Explain it simply'
   */
  @IsString()
  @NotBlank()
  @MaxLength(200)
  title!: string;

  /**
   * What goes to the bot; up to 20,000 characters, not blank. `{{name}}` and `{{name|default}}` are variables.
   * @example 'Explain photosynthesis to {{audience}}, with one example from the kitchen.'
   */
  @IsString()
  @NotBlank()
  @MaxLength(20_000)
  text!: string;

  /**
   * Up to 20 different tags of 1 to 50 characters; white space around them is dropped. Upper and lower case make no
   * difference between tags.
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

/** A new prompt. */
export class CreatePromptDto extends NewPromptDto {
  /**
   * True refuses a title that one of the own or of the shared prompts has already (409 `prompt_title_taken`); of several
   * at once one gets it. Otherwise prompts may have the same title.
   * @example false
   */
  @Optional()
  @IsBoolean()
  uniqueTitle?: boolean;
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
   * What goes to the bot; up to 20,000 characters, not blank. `{{name}}` and `{{name|default}}` are variables.
   * @example 'Explain photosynthesis to {{audience}}, with one example from the kitchen.'
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

/** Whose prompts: one's own, those of the shared library, or both. */
export const PROMPT_SCOPES = ['own', 'shared', 'all'] as const;
export type PromptScopeName = (typeof PROMPT_SCOPES)[number];

/** Which prompts to list. */
export class PromptsQueryDto extends PageQueryDto {
  /**
   * Only prompts with all of this in title or text: words, the last one also as the beginning of a longer one;
   * Chinese as it stands, and so what is in quotation marks. Case, accents and width make no difference, other signs
   * have no meaning. Up to 200 characters.
   * @example 'kitchen photosyn'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  q?: string;

  /**
   * Only prompts with this tag; may be repeated, for prompts that have all of them.
   * @example ['school']
   */
  @Optional()
  @Transform(({ value }: { value: unknown }) => (value === undefined ? value : [value].flat().map(trimmed)))
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Matches(/\S/u, { each: true, context: { rule: 'isNotBlank' } })
  @MaxLength(50, { each: true })
  tag?: string[];

  /**
   * The own prompts, the shared ones, or all.
   * @example 'all'
   */
  @ApiPropertyOptional()
  @Optional()
  @IsIn(PROMPT_SCOPES)
  scope: PromptScopeName = 'all';
}

/** Which tags to list. */
export class PromptTagsQueryDto {
  /**
   * How many tags at most.
   * @example 100
   */
  @ApiPropertyOptional()
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;

  /**
   * Those of the own prompts, of the shared ones, or of all.
   * @example 'all'
   */
  @ApiPropertyOptional()
  @Optional()
  @IsIn(PROMPT_SCOPES)
  scope: PromptScopeName = 'all';
}
