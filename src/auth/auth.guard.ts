import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { looksLikeKey } from '../api-keys/api-key.secret.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { accessNeeded, type ApiScope, KEY_SCOPE } from '../common/api-scopes.js';
import {
  type KeyUser,
  LINKED_ROUTE,
  OWN_GUARD,
  PUBLIC_ROUTE,
  REQUIRED_ROLE,
  type SessionUser,
  type UserRole,
} from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { UNLIMITED_ROUTE } from '../common/rate-limits.js';
import { requestContext } from '../common/request-context.js';
import { ENV, type Env } from '../config/env.js';
import { isCrossSite } from './cross-site.js';
import { RequestLimits } from './request-limits.js';
import { SESSION_COOKIE } from './session-cookie.js';
import { SessionsService } from './sessions.service.js';
import { TokenService } from './token.service.js';

type RequestWithUser = FastifyRequest & { user?: SessionUser | KeyUser };

/**
 * In front of every route: finds the user by Bearer token, API key or session cookie, turns strangers away, whoever
 * asks too often, and keys that may not do what they ask for.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenService,
    private readonly sessions: SessionsService,
    private readonly keys: ApiKeysService,
    private readonly limits: RequestLimits,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const marked = <T>(name: string) =>
      this.reflector.getAllAndOverride<T | undefined>(name, [context.getHandler(), context.getClass()]);
    const request = context.switchToHttp().getRequest<RequestWithUser>();
    const hasOwnGuard = marked<boolean>(OWN_GUARD);
    try {
      const isOpen = marked<boolean>(PUBLIC_ROUTE) || (marked<boolean>(LINKED_ROUTE) && hasLink(request));
      const user = isOpen ? null : await this.authenticate(request);
      if (user) request.user = user;
      else if (!isOpen && !hasOwnGuard) throw new AppError('unauthenticated');
    } finally {
      // A stranger's request counts for its address, and too many of them are refused as such.
      if (!marked<boolean>(UNLIMITED_ROUTE)) await this.limits.take(request.ip, request.user?.id);
    }
    if (request.user && 'scopes' in request.user) {
      if (hasOwnGuard) throw new AppError('session_required');
      checkScope(request.user, request, marked<ApiScope>(KEY_SCOPE));
    }
    const role = marked<UserRole>(REQUIRED_ROLE);
    if (role && request.user?.role !== role) throw new AppError('route_not_found');
    return true;
  }

  private async authenticate(request: FastifyRequest): Promise<SessionUser | KeyUser | null> {
    const { authorization = '' } = request.headers;
    // Whoever shows a token means it: a wrong one is not made good by a cookie. Another scheme is a proxy's business.
    const bearer = /^Bearer\b/i.test(authorization) ? authorization.slice(6).trim() : undefined;
    const user = await this.find(bearer, request.cookies[SESSION_COOKIE]);
    if (!user) return null;
    const context = requestContext.getStore();
    if (context)
      Object.assign(context, 'scopes' in user ? { apiKeyId: user.apiKeyId } : { sessionId: user.sessionId });
    if (bearer === undefined && isCrossSite(request, this.env.CORS_ORIGINS))
      throw new AppError('cross_site_request');
    return user;
  }

  /** A key is taken from the header only: in a cookie it would go along with what other sites have a browser send. */
  private async find(bearer: string | undefined, cookie = ''): Promise<SessionUser | KeyUser | null> {
    if (bearer !== undefined && looksLikeKey(bearer)) return this.keys.findActive(bearer);
    const sessionId = await (bearer === undefined
      ? this.tokens.sessionOf(cookie, 'cookie')
      : this.tokens.sessionOf(bearer, 'access'));
    return sessionId === undefined ? null : this.sessions.findActive(sessionId);
  }
}

/** @throws AppError session_required, insufficient_scope */
function checkScope({ scopes }: KeyUser, { method, routeOptions }: FastifyRequest, marked?: ApiScope): void {
  const needed = accessNeeded(method, routeOptions.url ?? '', marked);
  if (needed === 'session') throw new AppError('session_required');
  if (!scopes.includes(needed))
    throw new AppError('insufficient_scope', {
      params: { scope: needed },
      extensions: { requiredScope: needed },
    });
}

/** Whether a request brings what stands in the place of a login where links are taken. */
function hasLink({ query }: FastifyRequest): boolean {
  return (query as { token?: unknown }).token !== undefined;
}
