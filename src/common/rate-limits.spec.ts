import type { FastifyReply } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { RateState } from '../../libs/limits/rate-limiter.js';
import { noteRateLimit, writeRateLimitHeaders } from './rate-limits.js';
import { requestContext } from './request-context.js';

/** The headers of a request to which these limits were applied. */
function headersAfter(...states: (RateState | undefined)[]): Record<string, number> {
  const headers: Record<string, number> = {};
  const reply = {
    header(name: string, value: number) {
      headers[name] = value;
      return reply;
    },
  } as unknown as FastifyReply;
  requestContext.run({ requestId: '1', language: 'en' }, () => {
    for (const state of states) noteRateLimit(state);
    writeRateLimitHeaders(reply);
  });
  return headers;
}

const state = (limit: number, remaining: number, resetSeconds: number) => ({
  limit,
  remaining,
  resetSeconds,
});
const headers = (limit: number, remaining: number, reset: number) => ({
  'RateLimit-Limit': limit,
  'RateLimit-Remaining': remaining,
  'RateLimit-Reset': reset,
});

describe('the headers of limits', () => {
  it('are absent where no limit was applied', () => {
    expect(headersAfter()).toEqual({});
    expect(headersAfter(undefined)).toEqual({});
  });

  it('tell of the limit that was applied', () => {
    expect(headersAfter(state(600, 598, 42))).toEqual(headers(600, 598, 42));
  });

  it('tell of the one with the least left, in whatever order they were applied', () => {
    const [general, turns] = [state(600, 598, 42), state(60, 12, 10)];
    expect(headersAfter(general, turns)).toEqual(headers(60, 12, 10));
    expect(headersAfter(turns, undefined, general)).toEqual(headers(60, 12, 10));
  });

  it('tell of the one that lasts longer where as much is left', () => {
    expect(headersAfter(state(60, 0, 5), state(100, 0, 3_600), state(10, 0, 7))).toEqual(
      headers(100, 0, 3_600),
    );
  });

  it('do no harm outside a request', () => {
    noteRateLimit(state(1, 1, 1));
    writeRateLimitHeaders(undefined as unknown as FastifyReply);
  });
});
