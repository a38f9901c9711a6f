import type { FastifyRequest } from 'fastify';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request that carries the session cookie was caused by another site. A browser says so in `Origin` or
 * `Sec-Fetch-Site`; programs that are no browser send neither, and no cookie that is not theirs.
 */
export function isCrossSite(request: FastifyRequest, allowedOrigins: string[]): boolean {
  if (SAFE_METHODS.has(request.method)) return false;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined)
    return origin !== `${request.protocol}://${request.host}` && !allowedOrigins.includes(origin);
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
