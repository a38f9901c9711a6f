import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { ApiScope } from './api-scopes.js';
import { AppError } from './errors.js';

export type UserRole = 'user' | 'admin';

/** The person behind a request, as the guard found him. */
export interface AuthUser {
  id: number;
  username: string;
  role: UserRole;
}

/** Somebody who has logged in. */
export interface SessionUser extends AuthUser {
  /** Which login this is: a row of `sessions`. */
  sessionId: number;
}

/** Somebody for whom a machine acts. */
export interface KeyUser extends AuthUser {
  /** By which key: a row of `api_keys`. */
  apiKeyId: number;
  scopes: readonly ApiScope[];
}

/**
 * Whoever does this has logged in himself: no key acts for him, and he is not just believed.
 * @throws AppError session_required, unauthenticated
 */
export function assertLoggedIn(user: AuthUser | SessionUser | KeyUser): asserts user is SessionUser {
  if ('apiKeyId' in user) throw new AppError('session_required');
  if (!('sessionId' in user)) throw new AppError('unauthenticated');
}

/** The authenticated user, as a parameter of a controller's method. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthUser =>
    context.switchToHttp().getRequest<{ user: AuthUser }>().user,
);

export const PUBLIC_ROUTE = 'parley:public';
/** Stands in the document at every operation that needs no login, until it is finished. */
export const PUBLIC_EXTENSION = 'x-public';
/** Marks a route that needs no login. */
export const Public = () =>
  applyDecorators(SetMetadata(PUBLIC_ROUTE, true), ApiExtension(PUBLIC_EXTENSION, true));

export const OWN_GUARD = 'parley:own-guard';
/** Marks routes whose own guard says what becomes of a request without a login; keys have no access to them. */
export const HasOwnGuard = () => SetMetadata(OWN_GUARD, true);

export const LINKED_ROUTE = 'parley:linked';
/** Marks a route that a link opens as well: where the query has a `token` nobody is logged in, and the route checks it. */
export const Linked = () => SetMetadata(LINKED_ROUTE, true);

export const REQUIRED_ROLE = 'parley:role';
/** Marks a route for one role; for everybody else it does not exist. */
export const RequireRole = (role: UserRole) => SetMetadata(REQUIRED_ROLE, role);
