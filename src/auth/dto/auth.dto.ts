import { IsString, MinLength } from 'class-validator';
import { MaxLength, Optional, OptionalOrNull } from '../../common/validation.js';
import { IsEmailAddress, IsNewPassword, IsPassword, IsUsername } from '../../users/credentials.js';
import { UserDto } from '../../users/dto/user.dto.js';

export class RegisterDto {
  /**
   * 3 to 50 letters and digits of any script and . _ + -; unique without regard to case.
   * @example 'reader'
   */
  @IsUsername()
  username!: string;

  /**
   * 8 to 128 characters; the most common passwords are refused.
   * @example 'correct horse battery'
   */
  @IsNewPassword()
  password!: string;

  /**
   * Can be used to log in as well; unique without regard to case.
   * @example 'reader@example.com'
   */
  @OptionalOrNull()
  @IsEmailAddress()
  email?: string | null;
}

export class LoginDto {
  /**
   * Username or e-mail address.
   * @example 'reader'
   */
  @IsString()
  @MinLength(1)
  @MaxLength(254)
  username!: string;

  /** @example 'correct horse battery' */
  @IsPassword()
  password!: string;
}

export class RefreshDto {
  /**
   * The refresh token of the last answer; it works once.
   * @example 'm0Yj0n5k0cY2cXkq3wZ7m1cR2b8tq9v4s6u8x0z2A4C'
   */
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  refreshToken!: string;
}

export class ChangeAccountDto {
  /**
   * Needed for every change.
   * @example 'correct horse battery'
   */
  @IsPassword()
  currentPassword!: string;

  /** @example 'reader' */
  @Optional()
  @IsUsername()
  username?: string;

  /**
   * Null takes the address away.
   * @example 'reader@example.com'
   */
  @OptionalOrNull()
  @IsEmailAddress()
  email?: string | null;

  /**
   * The new password, 8 to 128 characters. All other logins end.
   * @example 'staple battery horse'
   */
  @Optional()
  @IsNewPassword()
  password?: string;
}

/** A login: the same session also travels in the cookie `parley_session`. */
export class AuthResultDto {
  user!: UserDto;

  /**
   * For `Authorization: Bearer …`, 15 minutes.
   * @example 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOjF9.c2lnbmF0dXJl'
   */
  accessToken!: string;

  /**
   * For POST auth/refresh, once, within 30 days. Using it twice ends the login.
   * @example 'm0Yj0n5k0cY2cXkq3wZ7m1cR2b8tq9v4s6u8x0z2A4C'
   */
  refreshToken!: string;

  /**
   * Seconds until the access token ends.
   * @example 900
   */
  expiresIn!: number;
}
