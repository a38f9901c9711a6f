import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditService } from '../audit/audit.service.js';
import type { SessionUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { UserDto } from '../users/dto/user.dto.js';
import { LoginLimits } from '../users/login-limits.js';
import { PasswordHasher } from '../users/password-hasher.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { AuthResultDto, LoginDto, RefreshDto, RegisterDto } from './dto/auth.dto.js';
import { type OpenedSession, SessionsService } from './sessions.service.js';
import { ACCESS_SECONDS, TokenService } from './token.service.js';

/** Who is calling, as far as a login cares. */
export interface Caller {
  address: string;
  userAgent: string;
}

export function callerOf(request: FastifyRequest): Caller {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' };
}

/** A login's answer, and beside it what goes into the cookie only. */
export interface Login {
  result: AuthResultDto;
  cookie: string;
}

/** Registering, logging in and out. */
@Injectable()
export class AuthService {
  private readonly logger = new Logger('AuthService');

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly tokens: TokenService,
    private readonly limits: LoginLimits,
    private readonly audit: AuditService,
  ) {}

  /** Makes an account and logs it in. @throws AppError username_taken, email_taken; RateLimitedError */
  async register({ username, password, email }: RegisterDto, caller: Caller): Promise<Login> {
    await this.limits.registering(caller.address);
    const user = await this.users.create({ username, email, passwordHash: await this.hasher.hash(password) });
    return this.open(user, caller, 'registered');
  }

  /**
   * Logs in by username or e-mail address. Unknown name, wrong password and deactivated account answer alike, in
   * text and, but for accounts that were imported and not used since, in time.
   * @throws AppError invalid_credentials; RateLimitedError
   */
  async login({ username, password }: LoginDto, caller: Caller): Promise<Login> {
    await this.limits.attempt(username, caller.address);
    const user = await this.users.findByLogin(username);
    const matches = await this.hasher.matches(user?.passwordHash, password);
    if (!user || !matches || user.deactivatedAt) {
      if (user) void this.audit.recordFailedLogin(user.id);
      throw new AppError('invalid_credentials');
    }
    await this.limits.succeeded(username, caller.address);
    if (this.hasher.isImported(user.passwordHash)) await this.renewHash(user, password);
    return this.open(user, caller, 'login');
  }

  /** @throws AppError invalid_refresh_token */
  async refresh({ refreshToken }: RefreshDto, caller: Caller): Promise<Login> {
    return this.answer(await this.sessions.rotate(refreshToken, caller.userAgent));
  }

  /** Ends this login: its access tokens, its cookie and its refresh token. */
  async logout(user: SessionUser): Promise<void> {
    await this.sessions.close(user.id, user.sessionId);
    await this.audit.record(null, { userId: user.id, type: 'logout' });
  }

  /** The hash that came from an older backend goes; never a reason to turn somebody away who knows his password. */
  private async renewHash(user: User, password: string): Promise<void> {
    try {
      await this.users.renewHash(user, await this.hasher.hash(password));
    } catch (error) {
      this.logger.warn(`an imported password hash stays: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }

  private async open(user: User, { userAgent }: Caller, type: 'registered' | 'login'): Promise<Login> {
    const opened = await this.sessions.open(user, userAgent);
    await this.audit.record(null, { userId: user.id, type, sessionId: opened.session.id });
    return this.answer(opened);
  }

  private async answer({ session, user, refreshToken }: OpenedSession): Promise<Login> {
    const [accessToken, cookie] = await Promise.all([
      this.tokens.sign(user.id, session.id, 'access'),
      this.tokens.sign(user.id, session.id, 'cookie'),
    ]);
    return {
      result: { user: UserDto.from(user), accessToken, refreshToken, expiresIn: ACCESS_SECONDS },
      cookie,
    };
  }
}
