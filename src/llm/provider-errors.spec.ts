import { describe, expect, it } from 'vitest';
import { transportError } from './network-errors.js';
import { providerError, retryAfter } from './provider-errors.js';
import { SseTooLargeError } from './sse-guard.js';

describe('providerError', () => {
  it.each([
    ['insufficient_quota', 429, 'quota', false],
    ['rate_limit_exceeded', 429, 'rate_limit', true],
    ['context_length_exceeded', 400, 'context_length', false],
    ['invalid_api_key', 401, 'auth', false],
    ['model_not_found', 404, 'not_found', false],
    ['data_inspection_failed', 400, 'content_filter', false],
    ['server_error', undefined, 'unavailable', true],
    ['InvalidParameter', 400, 'invalid_request', false],
    ['DataInspectionFailed', 400, 'content_filter', false],
    ['BadRequest.EmptyInput', 400, 'invalid_request', false],
    ['BadRequest.EmptyParameters', 400, 'invalid_request', false],
    ['BadRequest.EmptyModel', 400, 'invalid_request', false],
    ['InvalidURL', 400, 'invalid_request', false],
    ['Arrearage', 400, 'quota', false],
    ['UnsupportedOperation', 400, 'invalid_request', false],
    ['FlowNotPublished', 400, 'not_found', false],
    ['InvalidAppId', 400, 'not_found', false],
    ['InvalidApiKey', 401, 'auth', false],
    ['AccessDenied', 403, 'auth', false],
    ['AccessDenied.Unpurchased', 403, 'quota', false],
    ['ModelNotFound', 404, 'not_found', false],
    ['RequestTimeOut', 408, 'timeout', true],
    ['BadRequest.TooLarge', 413, 'context_length', false],
    ['BadRequest.InputDownloadFailed', 415, 'invalid_request', false],
    ['BadRequest.UnsupportedFileFormat', 415, 'invalid_request', false],
    ['Throttling', 429, 'rate_limit', true],
    ['Throttling.RateQuota', 429, 'rate_limit', true],
    ['Throttling.AllocationQuota', 429, 'rate_limit', true],
    ['Throttling.BurstRate', 429, 'rate_limit', true],
    ['LimitRequests', 429, 'rate_limit', true],
    ['PrepaidBillOverdue', 429, 'quota', false],
    ['PostpaidBillOverdue', 429, 'quota', false],
    ['CommodityNotPurchased', 429, 'quota', false],
    ['InternalError', 500, 'unavailable', true],
    ['InternalError.Algo', 500, 'unavailable', true],
  ])('knows %s (%s) as %s', (code, status, kind, retryable) => {
    expect(providerError({ codes: [code], status })).toEqual({
      type: 'error',
      kind,
      retryable,
      providerCode: code,
    });
  });

  it.each([
    [400, 'invalid_request', false],
    [401, 'auth', false],
    [402, 'quota', false],
    [403, 'auth', false],
    [404, 'not_found', false],
    [408, 'timeout', true],
    [418, 'invalid_request', false],
    [429, 'rate_limit', true],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
    [504, 'timeout', true],
    [undefined, 'unavailable', true],
  ])('falls back on the status %s', (status, kind, retryable) => {
    expect(providerError({ status })).toEqual({ type: 'error', kind, retryable });
    expect(providerError({ codes: ['SomethingNew'], status })).toMatchObject({
      kind,
      retryable,
      providerCode: 'SomethingNew',
    });
  });

  it('does not let the general type hide what the status says', () => {
    expect(providerError({ codes: [null, 'invalid_request_error'], status: 401 })).toMatchObject({
      kind: 'auth',
    });
    expect(providerError({ codes: [null, 'invalid_request_error'] })).toMatchObject({
      kind: 'invalid_request',
    });
    expect(providerError({ codes: [null, 'insufficient_quota'], status: 429 })).toMatchObject({
      kind: 'quota',
    });
  });

  it('reads a status that stands where the code belongs', () => {
    expect(providerError({ codes: [429] })).toEqual({ type: 'error', kind: 'rate_limit', retryable: true });
    expect(providerError({ codes: ['502'] })).toMatchObject({ kind: 'unavailable' });
  });

  it.each([
    'Incorrect API key provided: sk-abc',
    'sk-1234567890abcdef',
    'constructor',
    '__proto__',
    {},
    7,
    '',
  ])('repeats nothing that is no code: %s', (code) => {
    const event = providerError({ codes: [code], status: 500 });
    expect(event).toMatchObject({ kind: 'unavailable', retryable: true });
    if (code !== 'constructor') expect(event).not.toHaveProperty('providerCode');
  });

  it('carries the wish for patience', () => {
    const headers = new Headers({ 'retry-after': '2' });
    expect(providerError({ status: 429, headers })).toMatchObject({ retryAfterMs: 2000 });
  });
});

describe('retryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, 5000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after-ms': '-5' }, 0],
    [{}, undefined],
  ])('reads %j', (headers, expected) => {
    expect(retryAfter(new Headers(headers as Record<string, string>), now)).toBe(expected);
  });
});

describe('transportError', () => {
  const coded = (code: string) => Object.assign(new Error('secret'), { code });

  it.each([
    ['ECONNREFUSED', 'network', true],
    ['ECONNRESET', 'network', true],
    ['ENOTFOUND', 'network', true],
    ['EAI_AGAIN', 'network', true],
    ['EPIPE', 'network', true],
    ['UND_ERR_SOCKET', 'network', true],
    ['ETIMEDOUT', 'timeout', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', true],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true],
    ['UND_ERR_BODY_TIMEOUT', 'timeout', true],
    ['CERT_HAS_EXPIRED', 'network', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'network', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'network', false],
  ])('knows %s behind a failed fetch', (code, kind, retryable) => {
    const error = new TypeError('fetch failed', { cause: coded(code) });
    expect(transportError(error)).toEqual({ type: 'error', kind, retryable, providerCode: code });
  });

  it('looks into an error for each address', () => {
    const error = new TypeError('fetch failed', {
      cause: new AggregateError([coded('ECONNREFUSED')], 'all failed'),
    });
    expect(transportError(error)).toMatchObject({ kind: 'network', providerCode: 'ECONNREFUSED' });
  });

  it('tells a breach of the protocol from a broken connection', () => {
    expect(transportError(new SyntaxError('x'))).toEqual({
      type: 'error',
      kind: 'protocol',
      retryable: true,
    });
    expect(transportError(new SseTooLargeError(1))).toEqual({
      type: 'error',
      kind: 'protocol',
      retryable: false,
    });
    expect(transportError(new TypeError('odd shape'))).toMatchObject({ kind: 'protocol' });
    expect(transportError('what')).toEqual({ type: 'error', kind: 'network', retryable: true });
  });

  it('survives causes that run in a circle', () => {
    const error = new Error('a');
    error.cause = error;
    expect(transportError(error)).toMatchObject({ kind: 'network' });
  });
});
