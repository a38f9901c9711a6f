import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccountService } from '../../auth/account.service.js';
import type { AuthUser } from '../../common/current-user.js';
import { AccountRemoval } from '../../privacy/account-removal.js';
import { LegacyAccounts } from '../legacy-accounts.service.js';
import { LoggedIn } from '../logged-in.js';
import { missing } from './companion.errors.js';
import type {
  CompanionChangeDto,
  CompanionLoggedInDto,
  CompanionLoginDto,
  CompanionProfileDto,
  CompanionRegisterDto,
  CompanionRegisteredDto,
} from './dto/account.dto.js';

/** Accounts under the older service's names. */
@Injectable()
export class CompanionAccounts {
  constructor(
    private readonly accounts: LegacyAccounts,
    private readonly account: AccountService,
    private readonly removal: AccountRemoval,
  ) {}

  async register(
    dto: CompanionRegisterDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<CompanionRegisteredDto>> {
    const { username, password } = named(dto);
    const login = await this.accounts.register({ username, password, email: dto.email }, request);
    const { user } = login.result;
    const data = { username: user.username, password: '' as const, email: user.email ?? '' };
    return new LoggedIn(login, { code: 201, msg: 'OK', data });
  }

  async login(dto: CompanionLoginDto, request: FastifyRequest): Promise<LoggedIn<CompanionLoggedInDto>> {
    const login = await this.accounts.login(named(dto), request);
    const { user, accessToken: access, refreshToken: refresh } = login.result;
    const about = { user_id: user.id, username: user.username, email: user.email ?? '' };
    return new LoggedIn(login, { code: 200, msg: 'OK', ...about, access, refresh });
  }

  async profile(user: AuthUser): Promise<CompanionProfileDto> {
    return profileOf(await this.account.find(user));
  }

  /** What is absent stays as it is. */
  async change(user: AuthUser, { email, password }: CompanionChangeDto): Promise<CompanionProfileDto> {
    this.accounts.check({ email, ...(password !== undefined && { password }) });
    const changes = {
      ...(email !== undefined && { email: email || null }),
      ...(password !== undefined && { password }),
    };
    return profileOf(await this.account.changeByLogin(user, changes));
  }

  delete(user: AuthUser): Promise<void> {
    return this.removal.leaveByLogin(user);
  }
}

/** @throws SurfaceError where one of them is missing */
function named({ username, password }: CompanionLoginDto): { username: string; password: string } {
  if (username !== undefined && password !== undefined) return { username, password };
  throw missing(
    ...(username === undefined ? ['username'] : []),
    ...(password === undefined ? ['password'] : []),
  );
}

function profileOf({ username, email }: { username: string; email: string | null }): CompanionProfileDto {
  return { code: 200, msg: 'OK', data: { username, email: email ?? '' } };
}
