import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';

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

/** Behind which event to go on: `Last-Event-ID`, as browsers send it, or `?after=`; 0 is the beginning. */
export const AfterEvent = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const { headers, query } = context
    .switchToHttp()
    .getRequest<FastifyRequest<{ Querystring: { after?: string } }>>();
  const [field, given] =
    query.after === undefined ? ['Last-Event-ID', headers['last-event-id']] : ['after', query.after];
  if (given === undefined || given === '') return 0;
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given);
  throw new AppError('invalid_input', { errors: [{ field, message: fieldMessage('isInt') }] });
});
