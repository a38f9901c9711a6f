import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../common/errors.js';
import { LegacyAccounts } from '../legacy-accounts.service.js';
import { LoggedIn } from '../logged-in.js';
import { SurfaceError } from '../surface-error.js';
import type { NotebookLoginDto, NotebookRegisterDto } from './dto/account.dto.js';
import type { NotebookAnswerDto } from './dto/answer.dto.js';
import { LOGGED_IN, NO_ACCOUNT, REGISTERED, WRONG_PASSWORD } from './notebook.answers.js';

/** Accounts, in the words of the older backend. */
@Injectable()
export class NotebookAccounts {
  constructor(private readonly accounts: LegacyAccounts) {}

  /** Whoever registers is logged in: the older backend asked nobody to. @throws AppError; see `LegacyAccounts` */
  async register(
    { username, password }: NotebookRegisterDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<NotebookAnswerDto>> {
    const login = await this.accounts.register({ username, password }, request);
    return new LoggedIn(login, REGISTERED);
  }

  /** @throws SurfaceError, which tells an unknown name from a wrong password; RateLimitedError */
  async login(
    { username = '', password = '' }: NotebookLoginDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<NotebookAnswerDto>> {
    try {
      const login = await this.accounts.login({ username, password }, request);
      return new LoggedIn(login, LOGGED_IN);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'invalid_credentials')) throw error;
      const body = (await this.accounts.exists(username)) ? WRONG_PASSWORD : NO_ACCOUNT;
      throw new SurfaceError({ status: 200, body });
    }
  }
}
