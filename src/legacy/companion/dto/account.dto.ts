import { LegacyInput, LegacyText } from '../../legacy-input.js';

export class CompanionLoginDto extends LegacyInput {
  /**
   * Also the e-mail address, where somebody logs in.
   * @example 'ada'
   */
  @LegacyText(1_000)
  username?: string;

  /**
   * Of at least LEGACY_MIN_PASSWORD characters, 6 unless the server says otherwise, and at most 128.
   * @example 'secret-66'
   */
  @LegacyText(1_000)
  password?: string;
}

export class CompanionRegisterDto extends CompanionLoginDto {
  /** @example 'ada@example.org' */
  @LegacyText(1_000)
  email?: string;
}

export class CompanionChangeDto extends LegacyInput {
  /**
   * Empty takes it away.
   * @example 'ada@example.org'
   */
  @LegacyText(1_000)
  email?: string;

  /** @example 'secret-67' */
  @LegacyText(1_000)
  password?: string;
}

export class CompanionAccountDto {
  /** @example 'ada' */
  username!: string;

  /**
   * Empty where there is none.
   * @example 'ada@example.org'
   */
  email!: string;
}

export class CompanionNewAccountDto extends CompanionAccountDto {
  /** Always empty. */
  password!: '';
}

export class CompanionRegisteredDto {
  /** @example 201 */
  code!: number;

  /** @example 'OK' */
  msg!: string;

  data!: CompanionNewAccountDto;
}

export class CompanionProfileDto {
  /** @example 200 */
  code!: number;

  /** @example 'OK' */
  msg!: string;

  data!: CompanionAccountDto;
}

export class CompanionLoggedInDto extends CompanionAccountDto {
  /** @example 200 */
  code!: number;

  /** @example 'OK' */
  msg!: string;

  /** @example 1 */
  user_id!: number;

  /**
   * An access token, for 15 minutes: `Authorization: Bearer …`.
   * @example 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl'
   */
  access!: string;

  /**
   * Gets the next one, at POST /api/v1/auth/refresh.
   * @example 'mSxp3bLX0kE0m1eJr1yGmgVAwF6T9n0sLrYy8cVbYzA'
   */
  refresh!: string;
}
