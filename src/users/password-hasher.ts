import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const OPTIONS = {
  algorithm: 2 satisfies Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};

/** Hashes passwords with argon2id, on the thread pool: the event loop is not held up. */
@Injectable()
export class PasswordHasher {
  private decoy: Promise<string> | undefined;

  /** Returns the hash in PHC notation, salt and parameters in it. */
  hash(password: string): Promise<string> {
    return hash(password, OPTIONS);
  }

  /**
   * Whether the password belongs to the hash. Without a hash (no such account) the same work is done and the answer
   * is no, so that the time does not tell who has an account.
   */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    this.decoy ??= this.hash('nobody has this password');
    const ok = await verify(passwordHash ?? (await this.decoy), password);
    return ok && passwordHash !== undefined;
  }
}
