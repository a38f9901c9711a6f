import type { LlmErrorEvent } from './provider-errors.js';
import { SseTooLargeError } from './sse-guard.js';

/** The bytes of a provider do not say what its protocol promises. */
export class ProviderProtocolError extends Error {
  constructor() {
    super('The provider does not follow its protocol');
    this.name = 'ProviderProtocolError';
  }
}

const TIMEOUTS = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Certificates do not get better by trying again. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|^ERR_TLS/;

/** The event of a stream that ended before its end. Another try may succeed. */
export function protocolError(retryable = true): LlmErrorEvent {
  return { type: 'error', kind: 'protocol', retryable };
}

/**
 * The event for an exception of fetch, of reading a body, or of understanding it. Decided by the system's codes in
 * the chain of causes (ECONNRESET, UND_ERR_SOCKET, ...), never by message texts.
 */
export function transportError(error: unknown): LlmErrorEvent {
  const chain = causes(error);
  if (chain.some((cause) => cause instanceof SseTooLargeError)) return protocolError(false);
  if (chain.some(isMisreading)) return protocolError();
  const code = chain.map(systemCode).find((found) => found !== undefined);
  if (code === undefined) return { type: 'error', kind: 'network', retryable: true };
  if (TIMEOUTS.has(code)) return { type: 'error', kind: 'timeout', retryable: true, providerCode: code };
  return { type: 'error', kind: 'network', retryable: !CERTIFICATE.test(code), providerCode: code };
}

/** A TypeError without a cause is a reader that stumbled over an odd shape; those of fetch all name their cause. */
function isMisreading(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof ProviderProtocolError) return true;
  return error instanceof TypeError && error.cause === undefined && systemCode(error) === undefined;
}

/** The error and its causes, the members of an AggregateError (one for each address tried) included. */
function causes(error: unknown): unknown[] {
  const found: unknown[] = [];
  const queue = [error];
  while (queue.length > 0 && found.length < 20) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    found.push(next);
    queue.push(next.cause, ...(next instanceof AggregateError ? next.errors : []));
  }
  return found;
}

function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
}
