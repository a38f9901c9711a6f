import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../common/errors.js';
import { LegacyAccounts } from '../legacy-accounts.service.js';
import { LoggedIn } from '../logged-in.js';
import { SurfaceError } from '../surface-error.js';
import type { NotebookLoginDto, NotebookRegisterDto } from './dto/account.dto.js';
import type { NotebookAnswerDto } from './dto/answer.dto.js';

export const NAME_TAKEN: NotebookAnswerDto = { code: -1, msg: '用户名已存在！' };
export const NOT_REGISTERED: NotebookAnswerDto = { code: -3, msg: '注册失败！请重新尝试注册！' };
export const POST_ONLY: NotebookAnswerDto = { code: 1, msg: '请求方法只能是POST方法！' };
const WRONG_PASSWORD: NotebookAnswerDto = { code: -2, msg: '密码错误' };
const NO_ACCOUNT: NotebookAnswerDto = { code: -3, msg: '账户不存在，请先注册账户' };

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
    return new LoggedIn(login, { code: 0, msg: '注册成功！' });
  }

  /** @throws SurfaceError, which tells an unknown name from a wrong password; RateLimitedError */
  async login(
    { username = '', password = '' }: NotebookLoginDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<NotebookAnswerDto>> {
    try {
      const login = await this.accounts.login({ username, password }, request);
      return new LoggedIn(login, { code: 0, msg: '登陆成功' });
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'invalid_credentials')) throw error;
      const body = (await this.accounts.exists(username)) ? WRONG_PASSWORD : NO_ACCOUNT;
      throw new SurfaceError({ status: 200, body });
    }
  }
}
