import { Injectable } from '@nestjs/common';
import { RateLimiter, type RateRule } from '../../libs/limits/rate-limiter.js';
import { networkOf } from '../common/network.js';
import { usernameKey } from './users.service.js';

const MINUTE = 60;
/** Wrong passwords for one name from one address; then this pair is locked out. */
const PAIR: RateRule = {
  name: 'login-pair',
  points: 10,
  windowSeconds: 15 * MINUTE,
  blockSeconds: 15 * MINUTE,
};
/** Wrong passwords for one name from anywhere. */
const NAME: RateRule = { name: 'login-name', points: 100, windowSeconds: 60 * MINUTE };
/** Logins of any kind from one address. */
const ADDRESS: RateRule = { name: 'login-address', points: 60, windowSeconds: MINUTE };
const REGISTER: RateRule = { name: 'register-address', points: 20, windowSeconds: 60 * MINUTE };

/**
 * Bounds guessing. Names are counted as they are given, whether there is such an account or not, so that a lockout
 * does not tell who has one.
 */
@Injectable()
export class LoginLimits {
  constructor(private readonly limiter: RateLimiter) {}

  /** Takes an attempt from the budgets of this name and address. @throws RateLimitedError */
  async attempt(name: string, address: string): Promise<void> {
    await this.limiter.take(ADDRESS, networkOf(address));
    await this.limiter.take(PAIR, pair(name, address));
    await this.limiter.take(NAME, usernameKey(name));
  }

  /** The attempt was right: it does not count as a guess. */
  async succeeded(name: string, address: string): Promise<void> {
    await this.limiter.reset(PAIR, pair(name, address));
    await this.limiter.giveBack(NAME, usernameKey(name));
  }

  /** @throws RateLimitedError */
  async registering(address: string): Promise<void> {
    await this.limiter.take(REGISTER, networkOf(address));
  }
}

function pair(name: string, address: string): string {
  return `${usernameKey(name)} ${networkOf(address)}`;
}
