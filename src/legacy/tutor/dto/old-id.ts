import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import { OptionalOrNull } from '../../../common/validation.js';

/** Stands for something that is to be made. */
export const NEW = -1;
/** Nothing has this id. */
export const NOTHING = Number.MAX_SAFE_INTEGER;

/**
 * An id: a number or a string of digits, `-1` where something is to be made. What is absent, null or blank is
 * undefined; whatever else it is, it is the id of nothing.
 */
export const OldId = () =>
  applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: NEW }),
    Transform(({ value }) => idOf(value)),
    OptionalOrNull(),
    IsInt(),
  );

function idOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const id = typeof value === 'string' && /^\s*-?\d{1,16}\s*$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && (id > 0 || id === NEW) ? id : NOTHING;
}
