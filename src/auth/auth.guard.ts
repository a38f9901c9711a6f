import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import {
  type AuthUser,
  LINKED_ROUTE,
  PUBLIC_ROUTE,
  REQUIRED_ROLE,
  type UserRole,
} from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { requestContext } from '../common/request-context.js';
import { UNLIMITED_ROUTE } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';
import { isCrossSite } from './cross-site.js';
import { RequestLimits } from './request-limits.js';
import { SESSION_COOKIE } from './session-cookie.js';
import { SessionsService } from './sessions.service.js';
import { TokenService } from './token.service.js';

/**
 * In front of every route: finds the user by Bearer token or session cookie, turns strangers away, and whoever asks
 * too often.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenService,
    private readonly sessions: SessionsService,
    private readonly limits: RequestLimits,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: AuthUser }>();
    try {
      if (!this.isOpen(targets, request)) request.user = await this.authenticate(request);
    } finally {
      // A stranger's request counts for its address, and too many of them are refused as such.
      if (!this.reflector.getAllAndOverride<boolean | undefined>(UNLIMITED_ROUTE, targets))
        await this.limits.take(request.ip, request.user?.id);
    }
    const role = this.reflector.getAllAndOverride<UserRole | undefined>(REQUIRED_ROLE, targets);
    if (role && request.user?.role !== role) throw new AppError('route_not_found');
    return true;
  }

  /** Whether it needs no login, or brings what stands in its place. */
  private isOpen(targets: Parameters<Reflector['getAllAndOverride']>[1], { query }: FastifyRequest): boolean {
    const has = (mark: string) =>
      this.reflector.getAllAndOverride<boolean | undefined>(mark, targets) === true;
    return has(PUBLIC_ROUTE) || (has(LINKED_ROUTE) && (query as { token?: unknown }).token !== undefined);
  }

  private async authenticate(request: FastifyRequest): Promise<AuthUser> {
    const { authorization = '' } = request.headers;
    // Whoever shows a token means it: a wrong one is not made good by a cookie. Another scheme is a proxy's business.
    const bearer = /^Bearer\b/i.test(authorization) ? authorization.slice(6).trim() : undefined;
    const cookie = request.cookies[SESSION_COOKIE] ?? '';
    const sessionId = await (bearer === undefined
      ? this.tokens.sessionOf(cookie, 'cookie')
      : this.tokens.sessionOf(bearer, 'access'));
    const user = sessionId === undefined ? null : await this.sessions.findActive(sessionId);
    if (!user) throw new AppError('unauthenticated');
    if (bearer === undefined && isCrossSite(request, this.env.CORS_ORIGINS))
      throw new AppError('cross_site_request');
    const context = requestContext.getStore();
    if (context) context.sessionId = user.sessionId;
    return user;
  }
}
