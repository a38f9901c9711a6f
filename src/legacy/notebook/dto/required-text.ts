import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString } from 'class-validator';
import { MaxLength, NotBlank } from '../../../common/validation.js';

/**
 * Text that has to be there: at most so many characters, not blank; a number is taken for its digits. The field begins
 * as the empty text, which is what an absent one is refused as.
 */
export const RequiredText = (max: number) =>
  applyDecorators(
    ApiProperty({ minLength: 1, maxLength: max, required: true }),
    Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : (value ?? ''))),
    NotBlank(),
    MaxLength(max),
    IsString(),
  );

/** White space around it says nothing; to be put before what checks the text. */
export const Trimmed = () =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));
