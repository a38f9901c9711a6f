import type { UserDto } from '../../../users/dto/user.dto.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';
import { OldId } from './old-id.js';

/** What somebody logs in with. */
export class TutorLoginDto extends LegacyInput {
  /**
   * Username, or e-mail address.
   * @example 'reader'
   */
  @LegacyText(254)
  username?: string;

  /** @example 'secret12' */
  @LegacyText(128)
  password?: string;
}

/** A new account. */
export class TutorRegisterDto extends TutorLoginDto {
  /**
   * May be left out, or blank.
   * @example 'reader@example.com'
   */
  @LegacyText(254)
  email?: string;
}

/** What is to change of an account: what is absent or blank stays. */
export class TutorChangeDto extends TutorRegisterDto {
  /** @example 7 */
  @OldId()
  user_id?: number;
}

/** An account. */
export class TutorUserDto {
  /** @example 7 */
  user_id!: number;

  /** @example 'reader' */
  username!: string;

  /**
   * Empty where there is none.
   * @example 'reader@example.com'
   */
  email!: string;

  /**
   * Always empty.
   * @example ''
   */
  password!: string;

  static from({ id, username, email }: UserDto): TutorUserDto {
    return { user_id: id, username, email: email ?? '', password: '' };
  }
}
