import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Max, Min } from 'class-validator';
import { MaxLength, OptionalOrNull } from '../common/validation.js';

/**
 * What comes in on a surface. Its clients were not written for this API: fields that it does not know are passed over,
 * and a body may be missing.
 */
export abstract class LegacyInput {
  static readonly ignoresUnknownFields = true;
  static readonly isOptionalBody = true;
}

/**
 * An id: a number, or a string of digits. What is absent, null or blank is undefined: the surface says what that means.
 * @param least the smallest that is taken; -1 where that means a new one
 */
export const LegacyId = (least = 1) =>
  applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: least }),
    Transform(({ value }) => idOf(value)),
    OptionalOrNull(),
    IsInt(),
    Min(least),
    Max(Number.MAX_SAFE_INTEGER),
  );

/** Text of at most so many characters; a number is taken for its digits. What is absent or null is undefined. */
export const LegacyText = (max: number) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => textOf(value)),
    OptionalOrNull(),
    IsString(),
    MaxLength(max),
  );

function idOf(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined;
  const text = value.trim();
  if (text === '') return undefined;
  return /^-?\d{1,16}$/.test(text) ? Number(text) : value;
}

function textOf(value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : (value ?? undefined);
}
