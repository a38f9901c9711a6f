import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Language } from './problem-entry.js';

/** What is known of the request that is being served, wherever in the code one stands. */
export interface RequestContext {
  requestId: string;
  language: Language;
  /** Who is asking, as far as the network knows. */
  caller?: { address: string; userAgent: string };
  /** The login that the request is made with, once the guard has found it: a row of `sessions`. */
  sessionId?: number;
  /** In its place: the API key. */
  apiKeyId?: number;
  /** The tightest limit that was applied to the request so far; see rate-limits.ts. */
  rateLimit?: AppliedLimit;
}

/** What is left of a limit, and when it is new again. */
export interface AppliedLimit {
  limit: number;
  remaining: number;
  /** Milliseconds since 1970. */
  resetsAt: number;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();

/** The caller's language; English outside a request. */
export function currentLanguage(): Language {
  return requestContext.getStore()?.language ?? 'en';
}

/** A caller's own request id is taken over where it is short and harmless, so that traces join up. */
export function requestIdOf(raw: Pick<IncomingMessage, 'headers'>): string {
  const given = raw.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
}

/** The first of our languages by weight in `Accept-Language`; English where none is named. */
export function languageOf(header: string | undefined): Language {
  const weighted = (header ?? '')
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...params] = part.trim().toLowerCase().split(';');
      const q = params
        .map((param) => /^\s*q=([\d.]+)$/.exec(param)?.[1])
        .find((value) => value !== undefined);
      return { language: tag.trim().split('-')[0], q: q === undefined ? 1 : Number(q) };
    })
    .filter(({ language, q }) => (language === 'en' || language === 'zh') && q > 0);
  weighted.sort((a, b) => b.q - a.q);
  return weighted[0]?.language === 'zh' ? 'zh' : 'en';
}
