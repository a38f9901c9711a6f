import { Inject, Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { AuthService, callerOf, type Login } from '../auth/auth.service.js';
import { AppError, type FieldError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { ENV, type Env } from '../config/env.js';
import { UsersService } from '../users/users.service.js';

/** What somebody registers with, or changes, on a surface. */
export interface LegacyAccount {
  username: string;
  password: string;
  email?: string | null | undefined;
}

const MAX_NAME = 50;
const MAX_PASSWORD = 128;
const MAX_EMAIL = 254;

/** Accounts by the rules of the older backends: shorter names and passwords than the main API takes. */
@Injectable()
export class LegacyAccounts {
  constructor(
    private readonly auth: AuthService,
    private readonly users: UsersService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Makes an account and logs it in. A blank e-mail address counts as none.
   * @throws AppError invalid_input, username_taken, email_taken; RateLimitedError
   */
  register({ username, password, email }: LegacyAccount, request: FastifyRequest): Promise<Login> {
    const given = { username, password, ...(email && { email }) };
    this.check(given);
    return this.auth.register(given, callerOf(request));
  }

  /** By username or e-mail address. @throws AppError invalid_credentials; RateLimitedError */
  login({ username, password }: LegacyAccount, request: FastifyRequest): Promise<Login> {
    return this.auth.login({ username, password }, callerOf(request));
  }

  /** Whether there is an account of this username or e-mail address. */
  async exists(login: string): Promise<boolean> {
    return (await this.users.findByLogin(login)) !== null;
  }

  /** What is wrong with these fields; absent ones are left alone. @throws AppError invalid_input */
  check({ username, password, email }: Partial<LegacyAccount>): void {
    const errors = [
      ...(username === undefined ? [] : this.nameErrors(username)),
      ...(password === undefined ? [] : this.passwordErrors(password)),
      ...(email && (!isEmail(email) || email.length > MAX_EMAIL) ? [wrong('email', 'isEmail')] : []),
    ];
    if (errors.length > 0) throw new AppError('invalid_input', { errors });
  }

  private nameErrors(name: string): FieldError[] {
    if (name.trim() === '') return [wrong('username', 'isNotBlank')];
    // One letter can stand for eighteen when it is normalised: what makes the name unique has to fit as well.
    if (name.length > MAX_NAME || name.normalize('NFKC').length > 200)
      return [wrong('username', 'maxLength', MAX_NAME)];
    return /^[\p{L}\p{M}\p{N}._+-]+$/u.test(name) ? [] : [wrong('username', 'isUsername')];
  }

  private passwordErrors(password: string): FieldError[] {
    if (password.length < this.env.LEGACY_MIN_PASSWORD)
      return [wrong('password', 'minLength', this.env.LEGACY_MIN_PASSWORD)];
    return password.length > MAX_PASSWORD ? [wrong('password', 'maxLength', MAX_PASSWORD)] : [];
  }
}

function wrong(field: string, rule: string, ...args: unknown[]): FieldError {
  return { field, message: fieldMessage(rule, args) };
}
