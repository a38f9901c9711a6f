import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { isReadable, matchesImported } from './imported-hash.js';

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
   * Whether the password belongs to the hash, which an older backend may have made. Without a hash (no such account),
   * or with one that cannot be read, the same work is done and the answer is no, so that the time does not tell who
   * has an account.
   */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const known = passwordHash === undefined ? undefined : await verified(passwordHash, password);
    if (known !== undefined) return known;
    this.decoy ??= this.hash('nobody has this password');
    await verify(await this.decoy, password);
    return false;
  }

  /** Whether logins can be checked against this hash: it is ours, or one of those that older backends made. */
  canVerify(passwordHash: string): boolean {
    return ARGON2ID.test(passwordHash) || isReadable(passwordHash);
  }

  /** Whether a hash is another system's, to be replaced as soon as its password is known. */
  isImported(passwordHash: string): boolean {
    return !passwordHash.startsWith(PREFIX);
  }
}

const PREFIX = '$argon2id$';
const ARGON2ID = /^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z\d+/]+\$[A-Za-z\d+/]+$/;

/** Undefined where the hash cannot be read. */
async function verified(passwordHash: string, password: string): Promise<boolean | undefined> {
  if (!passwordHash.startsWith(PREFIX)) return matchesImported(passwordHash, password);
  return verify(passwordHash, password).catch(() => undefined);
}
