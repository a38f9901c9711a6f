import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { UsersService } from '../users/users.service.js';

/** Makes the account of ADMIN_USERNAME at the start, where there is none; an account of that name is left as it is. */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  private readonly logger = new Logger('FirstAdmin');

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ADMIN_USERNAME: username, ADMIN_PASSWORD: password } = this.env;
    if (!username || !password) return;
    const known = await this.users.findByUsername(username);
    if (known?.role === 'user')
      this.logger.warn('ADMIN_USERNAME names an account that is no admin; it is left as it is');
    if (known) return;
    try {
      await this.users.create({ username, passwordHash: await this.hasher.hash(password), role: 'admin' });
    } catch (error) {
      // Another process that started at the same time was first.
      if (!(error instanceof AppError && error.code === 'username_taken')) throw error;
    }
  }
}
