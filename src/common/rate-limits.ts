import { SetMetadata } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RateState } from '../../libs/limits/rate-limiter.js';
import { requestContext } from './request-context.js';

export const UNLIMITED_ROUTE = 'parley:unlimited';
/** Marks a route that the general limits on requests leave alone: probes come often, and from one address. */
export const Unlimited = () => SetMetadata(UNLIMITED_ROUTE, true);

/**
 * Notes a limit that was applied to the request that is being served: the headers tell of the tightest one, which is
 * the one with the least left, and of two such the one that lasts longer. Without a request, or where limits are
 * switched off (undefined), nothing happens.
 */
export function noteRateLimit(state: RateState | undefined): void {
  const context = requestContext.getStore();
  if (!context || !state) return;
  const { limit, remaining } = state;
  const resetsAt = Date.now() + state.resetSeconds * 1_000;
  const known = context.rateLimit;
  const isTighter =
    !known || remaining < known.remaining || (remaining === known.remaining && resetsAt > known.resetsAt);
  if (isTighter) context.rateLimit = { limit, remaining, resetsAt };
}

/** Puts what was noted on the answer. Hooks do it for every ordinary one; a stream does it before it begins. */
export function writeRateLimitHeaders(reply: FastifyReply): void {
  const applied = requestContext.getStore()?.rateLimit;
  if (!applied) return;
  reply
    .header('RateLimit-Limit', applied.limit)
    .header('RateLimit-Remaining', applied.remaining)
    .header('RateLimit-Reset', Math.max(0, Math.ceil((applied.resetsAt - Date.now()) / 1_000)));
}
