import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { AppError } from './errors.js';
import { fieldMessage } from './validation.js';

/** The client's own name for a request, and what the request was. */
export interface Idempotency {
  key: string;
  requestHash: string;
}

/** The header `Idempotency-Key`: 1 to 255 visible ASCII characters; undefined where there is none. */
export const IdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => {
    const key = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
    if (key === undefined) return undefined;
    if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
    throw new AppError('invalid_input', {
      errors: [{ field: 'Idempotency-Key', message: fieldMessage('isIdempotencyKey') }],
    });
  },
);

/** A request's fingerprint: the same key with another one is a mistake of the client's. */
export function fingerprint(...parts: (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A request without a key is no other one's repetition. */
export function keyed(key: string | undefined, requestHash: string): Idempotency | undefined {
  return key === undefined ? undefined : { key, requestHash };
}

/** What a request says beyond the least: a fingerprint without it is what it was before there was such a choice. */
export function chosen(options: object): string[] {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return said.length === 0 ? [] : [JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1)))];
}
