import { applyDecorators } from '@nestjs/common';
import { IsEmail, IsString, Matches, MinLength, ValidateBy } from 'class-validator';
import { MaxLength } from '../common/validation.js';
import { isCommonPassword } from './common-passwords.js';

/** A username: 3 to 50 letters and digits of any script and `. _ + -`; no `@`, which tells an e-mail address. */
export const IsUsername = () =>
  applyDecorators(
    IsString(),
    MinLength(3),
    MaxLength(50),
    Matches(/^[\p{L}\p{M}\p{N}._+-]*$/u, { context: { rule: 'isUsername' } }),
  );

/** A new password: 8 to 128 characters, none of the most common ones. */
export const IsNewPassword = () =>
  applyDecorators(
    IsString(),
    MinLength(8),
    MaxLength(128),
    ValidateBy({
      name: 'isCommonPassword',
      validator: { validate: (value) => typeof value !== 'string' || !isCommonPassword(value) },
    }),
  );

/** A password to be checked: whatever was allowed when it was made. */
export const IsPassword = () => applyDecorators(IsString(), MinLength(1), MaxLength(128));

/** An e-mail address of at most 254 characters. */
export const IsEmailAddress = () => applyDecorators(IsEmail(), MaxLength(254));
