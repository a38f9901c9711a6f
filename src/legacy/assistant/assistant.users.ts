import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AuthUser } from '../../common/current-user.js';
import { LegacyAccounts } from '../legacy-accounts.service.js';
import { LoggedIn } from '../logged-in.js';
import { userRefused } from './assistant.errors.js';
import type { AssistantDoneDto, AssistantLoginDto, AssistantUserInfoDto } from './dto/user.dto.js';

/** Accounts as this surface tells of them. */
@Injectable()
export class AssistantUsers {
  constructor(private readonly accounts: LegacyAccounts) {}

  /** Logs in as well: the older page goes on without another request. @throws AppError invalid_input, username_taken */
  async register(
    { username = '', password = '' }: AssistantLoginDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<AssistantDoneDto>> {
    const login = await this.accounts.register({ username, password }, request);
    return new LoggedIn(login, { message: '用户注册成功！' });
  }

  /** @throws AppError invalid_credentials */
  async login(
    { username, password }: AssistantLoginDto,
    request: FastifyRequest,
  ): Promise<LoggedIn<AssistantDoneDto>> {
    if (!username?.trim() || !password) throw userRefused(400, '未提供用户名和密码');
    return new LoggedIn(await this.accounts.login({ username, password }, request), { message: '登录成功' });
  }

  info({ username }: AuthUser): AssistantUserInfoDto {
    return { code: 200, message: '获取用户信息成功', data: { username } };
  }
}
