import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { AppError, type FieldError } from './errors.js';
import { fieldMessage } from './validation.js';

const KIND_RULES = new Set(['isString', 'isInt', 'isNumber', 'isBoolean', 'isArray']);

/** In front of every handler: input is turned into its DTO, checked, and closed to unknown fields. */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      validationError: { target: true, value: false },
      exceptionFactory: (errors) => new AppError('invalid_input', { errors: flatten(errors, '') }),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && !isPlainObject(value)) throw invalid('body', 'isObject');
    const field = metadata.type === 'body' || metadata.type === 'query' ? findNul(value, '') : undefined;
    // No name and no message holds it, MariaDB and SQLite differ in what they make of it, and C programs end there.
    if (field !== undefined) throw invalid(field, 'isFreeOfNul');
    return super.transform(value, metadata);
  }

  /** Parameters of a path reach their own pipes as they were written: 1e3 is no id. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}

function invalid(field: string, rule: string): AppError {
  return new AppError('invalid_input', { errors: [{ field, message: fieldMessage(rule) }] });
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of the first text that holds U+0000. The depth is bounded by what the JSON parser takes. */
function findNul(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = findNul(item, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One message a field: that it is of the wrong kind goes before what else is wrong with it. */
function flatten(errors: ValidationError[], prefix: string): FieldError[] {
  return errors.flatMap((error) => {
    const field = error.property ? `${prefix}${error.property}` : 'body';
    const rules = Object.keys(error.constraints ?? {});
    const rule = rules.find((name) => KIND_RULES.has(name)) ?? rules.at(-1);
    const own = rule === undefined ? [] : [{ field, message: messageOf(error, rule) }];
    return [...own, ...flatten(error.children ?? [], `${field}.`)];
  });
}

function messageOf(error: ValidationError, rule: string): string {
  const contextRule = (error.contexts?.[rule] as { rule?: string } | undefined)?.rule;
  return fieldMessage(contextRule ?? rule, argumentsOf(error, rule));
}

function argumentsOf(error: ValidationError, rule: string): unknown[] {
  if (!error.target) return [];
  const known = getMetadataStorage().getTargetValidationMetadatas(error.target.constructor, '', false, false);
  return known.find((item) => item.propertyName === error.property && item.name === rule)?.constraints ?? [];
}
