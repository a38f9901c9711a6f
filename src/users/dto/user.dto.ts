import type { UserRole } from '../../common/current-user.js';
import type { User } from '../user.entity.js';

/** An account, as its owner sees it. */
export class UserDto {
  /** @example 1 */
  id!: number;

  /** @example 'reader' */
  username!: string;

  /** @example 'reader@example.com' */
  email!: string | null;

  /** What the account may do: `admin` sees the routes under /admin. */
  role!: UserRole;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** Since when the account may not log in; null for an active one. */
  deactivatedAt!: Date | null;

  static from({ id, username, email, role, createdAt, deactivatedAt }: User): UserDto {
    return { id, username, email, role, createdAt, deactivatedAt };
  }
}

/** A page of accounts. */
export class UserPageDto {
  items!: UserDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example null
   */
  nextCursor!: string | null;
}
