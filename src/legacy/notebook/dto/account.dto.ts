import { LegacyInput, LegacyText } from '../../legacy-input.js';
import { RequiredText } from './required-text.js';

/** A new account. */
export class NotebookRegisterDto extends LegacyInput {
  /**
   * Up to 20 letters and digits of any script and . _ + -; unique without regard to case.
   * @example 'jiuhua'
   */
  @RequiredText(20)
  username: string = '';

  /**
   * At least 6 characters (`LEGACY_MIN_PASSWORD`).
   * @example '123456'
   */
  @RequiredText(128)
  password: string = '';
}

/** Who logs in. */
export class NotebookLoginDto extends LegacyInput {
  /**
   * Username or e-mail address.
   * @example 'jiuhua'
   */
  @LegacyText(1_000)
  username?: string;

  /** @example '123456' */
  @LegacyText(10_000)
  password?: string;
}
