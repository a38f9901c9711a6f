import { IsPassword } from '../../users/credentials.js';

export class DeleteAccountDto {
  /** @example 'correct horse battery' */
  @IsPassword()
  password!: string;
}
