import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { isCrossSite } from './cross-site.js';

const ALLOWED = ['https://app.example.com'];

interface Given {
  method?: string;
  protocol?: string;
  host?: string;
  origin?: string;
  site?: string;
}

function crossSite({
  method = 'POST',
  protocol = 'https',
  host = 'api.example.com',
  origin,
  site,
}: Given): boolean {
  const headers = { ...(origin !== undefined && { origin }), ...(site && { 'sec-fetch-site': site }) };
  return isCrossSite({ method, protocol, host, headers } as unknown as FastifyRequest, ALLOWED);
}

describe('isCrossSite', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('lets %s pass from everywhere: it changes nothing', (method) => {
    expect(crossSite({ method, origin: 'https://evil.example', site: 'cross-site' })).toBe(false);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('refuses %s of another site', (method) => {
    expect(crossSite({ method, origin: 'https://evil.example' })).toBe(true);
    expect(crossSite({ method, site: 'cross-site' })).toBe(true);
  });

  it.each([
    ['its own origin', { origin: 'https://api.example.com' }],
    [
      'its own origin with a port',
      { origin: 'http://localhost:3000', protocol: 'http', host: 'localhost:3000' },
    ],
    ['an allowed origin, which is another site', { origin: 'https://app.example.com', site: 'cross-site' }],
    ['a program that is no browser', {}],
    ['a page of its own, from a browser without Origin', { site: 'same-origin' }],
    ['the address bar', { site: 'none' }],
  ])('lets %s pass', (_, given) => {
    expect(crossSite(given)).toBe(false);
  });

  it.each([
    ['another scheme', { origin: 'http://api.example.com' }],
    ['another port', { origin: 'https://api.example.com:8443' }],
    ['a longer host', { origin: 'https://api.example.com.evil.example' }],
    ['a host in front', { origin: 'https://evil.api.example.com' }],
    ['an allowed origin as a beginning', { origin: 'https://app.example.com.evil.example' }],
    ['a sandbox', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['a neighbour of the same site', { site: 'same-site' }],
    ['a browser’s word against a missing origin', { site: 'cross-site' }],
  ])('refuses %s', (_, given) => {
    expect(crossSite(given)).toBe(true);
  });
});
