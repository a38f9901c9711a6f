import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsString, ValidateNested } from 'class-validator';
import { HoldsNoLists, MaxLength, Optional } from '../../common/validation.js';
import { NewPromptDto, PROMPT_SCOPES, type PromptScopeName } from './prompt-input.dto.js';

export const PROMPTS_FORMAT = 'parley-prompts';
export const PROMPTS_VERSION = 1;

const DUPLICATES = ['skip', 'keep'] as const;

/** Prompts to take in: what an export has given, or a list of one's own in `prompts`. */
export class ImportPromptsDto {
  /** Up to 1,000 prompts, in the order in which they were made. */
  @IsArray()
  @ArrayMaxSize(1_000)
  @HoldsNoLists()
  @ValidateNested({ each: true })
  @Type(() => NewPromptDto)
  prompts!: NewPromptDto[];

  /** What an export says of itself. */
  @ApiPropertyOptional({ enum: [PROMPTS_FORMAT] })
  @Optional()
  @IsIn([PROMPTS_FORMAT])
  format?: string;

  /** What an export says of itself. */
  @ApiPropertyOptional({ type: 'integer', enum: [PROMPTS_VERSION] })
  @Optional()
  @IsIn([PROMPTS_VERSION])
  version?: number;

  /**
   * When it was exported; not looked at.
   * @example '2026-03-01T09:30:00.000Z'
   */
  @Optional()
  @IsString()
  @MaxLength(40)
  exportedAt?: string;

  /**
   * What becomes of prompts whose title and text there are already, in the same library or before them in the list.
   * @example 'skip'
   */
  @ApiPropertyOptional({ enum: DUPLICATES })
  @Optional()
  @IsIn(DUPLICATES)
  duplicates: (typeof DUPLICATES)[number] = 'skip';
}

/** What became of prompts that were to be taken in. */
export class ImportedPromptsDto {
  /**
   * How many there are now that were not there before.
   * @example 12
   */
  imported!: number;

  /**
   * How many there were already.
   * @example 3
   */
  skipped!: number;
}

/** Which prompts to export. */
export class ExportPromptsQueryDto {
  /**
   * The own prompts, the shared ones, or all.
   * @example 'own'
   */
  @ApiPropertyOptional()
  @Optional()
  @IsIn(PROMPT_SCOPES)
  scope: PromptScopeName = 'own';
}

/** A prompt as it is taken from one installation to another. */
export class PromptCopyDto {
  /** @example 'Explain it simply' */
  title!: string;

  /** @example 'Explain photosynthesis to {{audience}}, with one example from the kitchen.' */
  text!: string;

  /** @example ['school', 'science'] */
  tags!: string[];

  /** Whether it belongs to the shared library. */
  shared!: boolean;
}

/** A file of prompts. */
export class PromptsFileDto {
  /** @example 'parley-prompts' */
  format!: string;

  /** @example 1 */
  version!: number;

  /**
   * When it was made, UTC.
   * @example '2026-03-01T09:30:00.000Z'
   */
  exportedAt!: Date;

  /** The own ones first, each library from the oldest to the newest. */
  prompts!: PromptCopyDto[];
}
