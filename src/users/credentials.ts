import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString, Matches, MinLength, ValidateBy } from 'class-validator';
import { MaxLength } from '../common/validation.js';
import { isCommonPassword } from './common-passwords.js';
import { emailKey, usernameKey } from './users.service.js';

/** A username: 3 to 50 letters and digits of any script and `. _ + -`; no `@`, which tells an e-mail address. */
export const IsUsername = () =>
  applyDecorators(
    IsString(),
    MinLength(3),
    MaxLength(50),
    ApiProperty({ minLength: 3, maxLength: 50 }),
    fitsItsColumn(usernameKey, 200),
    Matches(/^[\p{L}\p{M}\p{N}._+-]*$/u, { context: { rule: 'isUsername' } }),
  );

/** A new password: 8 to 128 characters, none of the most common ones. */
export const IsNewPassword = () =>
  applyDecorators(
    ApiProperty({ minLength: 8, maxLength: 128 }),
    IsString(),
    MinLength(8),
    MaxLength(128),
    ValidateBy({
      name: 'isCommonPassword',
      validator: { validate: (value) => typeof value !== 'string' || !isCommonPassword(value) },
    }),
  );

/** A password to be checked: whatever was allowed when it was made. */
export const IsPassword = () =>
  applyDecorators(ApiProperty({ minLength: 1, maxLength: 128 }), IsString(), MinLength(1), MaxLength(128));

/** An e-mail address of at most 254 characters. */
export const IsEmailAddress = () =>
  applyDecorators(ApiProperty({ maxLength: 254 }), fitsItsColumn(emailKey, 254), IsEmail(), MaxLength(254));

/** One letter can stand for eighteen when it is normalised: what makes the account unique has to fit as well. */
const fitsItsColumn = (keyOf: (text: string) => string | null, length: number) =>
  ValidateBy({
    name: 'maxLength',
    constraints: [length],
    validator: {
      validate: (value) => typeof value !== 'string' || [...(keyOf(value) ?? '')].length <= length,
    },
  });
