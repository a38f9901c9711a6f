import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { ApiScope } from './api-scopes.js';

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

/** The authenticated user, as a parameter of a controller's method. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthUser =>
    context.switchToHttp().getRequest<{ user: AuthUser }>().user,
);

export const PUBLIC_ROUTE = 'parley:public';
/** Marks a route that needs no login. */
export const Public = () => SetMetadata(PUBLIC_ROUTE, true);

export const LINKED_ROUTE = 'parley:linked';
/** Marks a route that a link opens as well: where the query has a `token` nobody is logged in, and the route checks it. */
export const Linked = () => SetMetadata(LINKED_ROUTE, true);

export const REQUIRED_ROLE = 'parley:role';
/** Marks a route for one role; for everybody else it does not exist. */
export const RequireRole = (role: UserRole) => SetMetadata(REQUIRED_ROLE, role);
