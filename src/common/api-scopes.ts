import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

export const API_SCOPES = ['read', 'chat', 'admin'] as const;
/** What an API key may do: read, whatever else is done with chats, and what is for admins. None holds another one. */
export type ApiScope = (typeof API_SCOPES)[number];

/**
 * What a request needs that comes with an API key; `session` where no key will do: the account itself is for whoever
 * has logged in. A rule and no list: a route that is new has its place already, and the account's are closed.
 * @param path as the route writes it, with its parameters' names
 * @param marked what `ForKeys` says of the route
 */
export function accessNeeded(method: string, path: string, marked?: ApiScope): ApiScope | 'session' {
  if (marked) return marked;
  if (/\/(auth|users\/me)(\/|$)/.test(path)) return 'session';
  if (/\/admin(\/|$)/.test(path)) return 'admin';
  return ['GET', 'HEAD'].includes(method.toUpperCase()) ? 'read' : 'chat';
}

export const KEY_SCOPE = 'parley:key-scope';
/** Stands in the document at every operation that keys may call. */
export const SCOPE_EXTENSION = 'x-required-scope';

/** What API keys need for a route for which the rule is wrong: one of the account that is open to them, or a costly one. */
export const ForKeys = (scope: ApiScope) =>
  applyDecorators(SetMetadata(KEY_SCOPE, scope), ApiExtension(SCOPE_EXTENSION, scope));
