import { IsBoolean, IsIn } from 'class-validator';
import type { UserRole } from '../../common/current-user.js';
import { Optional } from '../../common/validation.js';

/** What an admin may change of somebody's account. */
export class ChangeUserDto {
  /** @example 'admin' */
  @Optional()
  @IsIn(['user', 'admin'])
  role?: UserRole;

  /**
   * True: the account may not log in, and its running logins end. False: it may again.
   * @example true
   */
  @Optional()
  @IsBoolean()
  deactivated?: boolean;
}
