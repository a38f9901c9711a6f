import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccountService } from '../../auth/account.service.js';
import type { Login } from '../../auth/auth.service.js';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { LegacyAccounts } from '../legacy-accounts.service.js';
import { LoggedIn } from '../logged-in.js';
import { SurfaceError } from '../surface-error.js';
import {
  type TutorChangeDto,
  type TutorLoginDto,
  type TutorRegisterDto,
  TutorUserDto,
} from './dto/account.dto.js';
import { refused, refusedFields, shaped } from './tutor.errors.js';

const REQUIRED = 'This field is required.';
const TAKEN: Record<string, string> = { username_taken: 'username', email_taken: 'email' };

/** Accounts, as the surface `tutor` knows them. */
@Injectable()
export class TutorAccounts {
  constructor(
    private readonly accounts: LegacyAccounts,
    private readonly account: AccountService,
  ) {}

  async register(dto: TutorRegisterDto, request: FastifyRequest): Promise<LoggedIn<TutorUserDto>> {
    const { username, password, email } = dto;
    const missing = Object.entries({ username, password }).filter(([, value]) => !value);
    if (missing.length > 0) throw refusedFields(missing.map(([field]) => ({ field, message: REQUIRED })));
    const given = { username: username!, password: password!, email };
    return loggedIn(await namingTaken(() => this.accounts.register(given, request)));
  }

  /** Whoever is unknown here is told so; his try counts as any other. */
  async login(
    { username = '', password = '' }: TutorLoginDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<TutorUserDto>> {
    try {
      return loggedIn(await this.accounts.login({ username, password }, request));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'invalid_credentials') throw error;
      const isKnown = await this.accounts.exists(username);
      throw new SurfaceError(
        isKnown
          ? shaped('/login', 401, 'Incorrect password.')
          : shaped('/login', 404, 'User does not exist.'),
      );
    }
  }

  async change(
    user: AuthUser,
    { user_id, username, password, email }: TutorChangeDto,
  ): Promise<TutorUserDto> {
    if (user_id === undefined) throw refused(404, 'User does not exist');
    const changes = {
      ...(username?.trim() && { username }),
      ...(password && { password }),
      ...(email?.trim() && { email }),
    };
    this.accounts.check(changes);
    if (Object.keys(changes).length === 0) return TutorUserDto.from(await this.account.find(user));
    return TutorUserDto.from(await namingTaken(() => this.account.changeByLogin(user, changes)));
  }
}

function loggedIn(login: Login): LoggedIn<TutorUserDto> {
  return new LoggedIn(login, TutorUserDto.from(login.result.user));
}

/** A name or an address that another account has is said of its field. */
async function namingTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const field = error instanceof AppError ? TAKEN[error.code] : undefined;
    if (field === undefined) throw error;
    throw refusedFields([{ field, message: `A user with that ${field} already exists.` }]);
  }
}
