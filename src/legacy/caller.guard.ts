import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type AuthUser, PUBLIC_ROUTE } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';
import { usernameKey } from '../users/users.service.js';
import {
  CHANGES_BY_GET,
  type GetGuard,
  type NamedObject,
  type NamedUser,
  NAMES_CALLER,
  NAMES_NOBODY,
  valuesOf,
} from './names-caller.js';
import { toId, TrustedCallers } from './trusted-callers.service.js';

type RequestWithUser = FastifyRequest & { user?: AuthUser };

/**
 * In front of every route of a surface that needs a login, behind the guard that finds it: whoever the request says it
 * is from must be the one who has logged in. Only in a closed network he is believed.
 */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: TrustedCallers,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const marked = <T>(name: string) =>
      this.reflector.getAllAndOverride<T | undefined>(name, [context.getHandler(), context.getClass()]);
    if (marked<boolean>(PUBLIC_ROUTE)) return true;
    const request = context.switchToHttp().getRequest<RequestWithUser>();
    const named = marked<NamedUser | NamedObject>(NAMES_CALLER);
    if (request.user === undefined && this.isFoundLater(request, named)) return true;
    if (request.user === undefined && marked<boolean>(NAMES_NOBODY) && this.isOpen(request)) return true;
    if (request.user === undefined) request.user = await this.believed(request, named);
    else refuseLinks(request, marked<GetGuard>(CHANGES_BY_GET));
    if (named && 'user' in named) assertNamed(request.user, named, valuesOf(request, named.user));
    return true;
  }

  /** In a closed network: the form, which says who sends it, has not been read yet. */
  private isFoundLater(request: FastifyRequest, named: NamedUser | NamedObject | undefined): boolean {
    const isInForm = named !== undefined && 'inForm' in named && named.inForm === true;
    return isInForm && this.isOpen(request);
  }

  private isOpen(request: FastifyRequest): boolean {
    return Boolean(this.env.LEGACY_TRUST_CALLER) && !hasToken(request);
  }

  /** @throws AppError unauthenticated, caller_unknown */
  private async believed(
    request: FastifyRequest,
    named: NamedUser | NamedObject | undefined,
  ): Promise<AuthUser> {
    const isBelievable = named !== undefined && !('needsLogin' in named && named.needsLogin);
    if (!this.isOpen(request) || !isBelievable) throw new AppError('unauthenticated');
    const [value] = valuesOf(request, 'user' in named ? named.user : named.field);
    const user = value === undefined ? undefined : await this.callers.find(named, value);
    if (!user)
      throw new AppError('caller_unknown', { params: { named: value === undefined ? 'no' : 'yes' } });
    return user;
  }
}

/** @throws AppError caller_mismatch */
export function assertNamed(user: AuthUser, { as }: NamedUser, values: readonly unknown[]): void {
  const isMeant = (value: unknown): boolean =>
    as === 'id'
      ? toId(value) === user.id
      : typeof value === 'string' && usernameKey(value) === usernameKey(user.username);
  if (!values.every(isMeant)) throw new AppError('caller_mismatch');
}

/** The cookie travels with links of other sites, too. @throws AppError cross_site_request */
function refuseLinks(request: FastifyRequest, guard: GetGuard | undefined): void {
  if (guard === undefined || hasToken(request)) return;
  const isAllowed =
    guard === 'same-origin' ? isSameOrigin(request) : request.headers['sec-fetch-site'] !== 'cross-site';
  if (!isAllowed) throw new AppError('cross_site_request');
}

/** Over plain HTTP browsers leave `Sec-Fetch-Site` out; but a page's own requests name the page, as no other site can. */
function isSameOrigin({ headers, protocol, host }: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, referer = '' } = headers;
  if (site !== undefined) return site === 'same-origin';
  return URL.canParse(referer) && new URL(referer).origin === `${protocol}://${host}`;
}

/** Whoever shows a token means it: where it is wrong, a name does not make it good. */
function hasToken({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^Bearer\b/i.test(headers.authorization ?? '');
}
