import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { LoginLimits } from './login-limits.js';
import { PasswordHasher } from './password-hasher.js';
import type { User } from './user.entity.js';
import { UsersService } from './users.service.js';

/** Asks for the password once more, before what a stolen login must not be enough for. */
@Injectable()
export class PasswordProof {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly limits: LoginLimits,
  ) {}

  /** Returns the account whose password it is. @throws AppError wrong_password; RateLimitedError */
  async demand(user: Pick<AuthUser, 'id' | 'username'>, password: string, address: string): Promise<User> {
    await this.limits.attempt(user.username, address);
    const found = await this.users.findById(user.id);
    if (!(await this.hasher.matches(found?.passwordHash, password)) || !found)
      throw new AppError('wrong_password');
    await this.limits.succeeded(user.username, address);
    return found;
  }
}
