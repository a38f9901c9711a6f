import {
  type ArgumentMetadata,
  Injectable,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { AppError, type FieldError } from './errors.js';
import { fieldMessage } from './validation.js';

/** What a DTO class says of itself. */
interface InputClass {
  /** A request may come without a body. */
  isOptionalBody?: boolean;
  /** Fields that it does not know are passed over: what is sent was not written for this API. */
  ignoresUnknownFields?: boolean;
}

const RULES: ValidationPipeOptions = {
  transform: true,
  whitelist: true,
  validationError: { target: true, value: false },
  exceptionFactory: (errors) => new AppError('invalid_input', { errors: flatten(errors, '') }),
};

const KIND_RULES = new Set(['isString', 'isInt', 'isNumber', 'isBoolean', 'isArray']);

/** In front of every handler: input is turned into its DTO, checked, and closed to unknown fields. */
@Injectable()
export class InputPipe extends ValidationPipe {
  private readonly lenient = new ValidationPipe(RULES);

  constructor() {
    super({ ...RULES, forbidNonWhitelisted: true });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const given = value === undefined && classOf(metadata).isOptionalBody ? {} : value;
    if (metadata.type === 'body' && !isPlainObject(given)) throw invalid('body', 'isObject');
    if (metadata.type === 'body' || metadata.type === 'query') refuseHostile(given);
    if (classOf(metadata).ignoresUnknownFields) return this.lenient.transform(given, metadata);
    return super.transform(given, metadata);
  }

  /** Parameters of a path reach their own pipes as they were written: 1e3 is no id. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}

function classOf({ metatype }: ArgumentMetadata): InputClass {
  return (metatype as InputClass | undefined) ?? {};
}

function invalid(field: string, rule: string): AppError {
  return new AppError('invalid_input', { errors: [{ field, message: fieldMessage(rule) }] });
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No input of ours is deeper; what is, exhausts the stack of whoever looks at it after us. */
const MAX_DEPTH = 20;

/** Names that every object has: class-transformer and class-validator take them for known ones and drop them. */
const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

/** Whether objects have this name by themselves: no field of a request may. */
export function isInherited(name: string): boolean {
  return INHERITED.has(name);
}

/**
 * Refuses what no field takes and no DTO can say: U+0000 (MariaDB and SQLite differ in what they make of it, and C
 * programs end there), halves of a surrogate pair (a database would keep another text), names that objects inherit,
 * and bottomless nesting.
 */
function refuseHostile(input: unknown): void {
  const open = [{ value: input, field: '', depth: 0 }];
  for (let item = open.pop(); item; item = open.pop()) {
    const { value, field, depth } = item;
    if (typeof value === 'string') {
      if (value.includes('\0')) throw invalid(field, 'isFreeOfNul');
      if (/\p{Surrogate}/u.test(value)) throw invalid(field, 'isWellFormed');
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH) throw invalid(field, 'isShallow');
    for (const [key, child] of Object.entries(value)) {
      const path = field === '' ? key : `${field}.${key}`;
      if (isInherited(key)) throw invalid(path, 'whitelistValidation');
      open.push({ value: child, field: path, depth: depth + 1 });
    }
  }
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
