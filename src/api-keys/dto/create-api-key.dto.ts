import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsString,
  ValidateBy,
} from 'class-validator';
import { API_SCOPES, type ApiScope } from '../../common/api-scopes.js';
import { MaxLength, NotBlank, OptionalOrNull } from '../../common/validation.js';
import { IsPassword } from '../../users/credentials.js';

const TEN_YEARS_MS = 3_653 * 86_400_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A time in the next ten years, with its zone. */
const IsExpiry = () =>
  ValidateBy({
    name: 'isExpiry',
    validator: {
      validate: (value) => {
        const ahead = typeof value === 'string' && TIME.test(value) ? Date.parse(value) - Date.now() : 0;
        return ahead > 0 && ahead <= TEN_YEARS_MS;
      },
    },
  });

/** A new API key. */
export class CreateApiKeyDto {
  /**
   * What it is for; up to 100 characters, not blank.
   * @example 'Nightly report'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100)
  name!: string;

  /**
   * What it may do. `read`: everything that is read. `chat`: everything else but the account itself; it does not include
   * `read`. `admin`: the routes under /admin, where the account is an admin's.
   */
  @ApiProperty({ enum: API_SCOPES, isArray: true, example: ['read', 'chat'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(API_SCOPES.length)
  @ArrayUnique()
  @IsIn(API_SCOPES, { each: true })
  scopes!: ApiScope[];

  /**
   * When it ends, in the next ten years; without it, or null: when it is revoked.
   * @example '2035-01-01T00:00:00Z'
   */
  @ApiProperty({ format: 'date-time' })
  @OptionalOrNull()
  @IsString()
  @MaxLength(40)
  @IsExpiry()
  expiresAt?: string | null;

  /**
   * The account's: a key outlives the login that makes it.
   * @example 'correct horse battery'
   */
  @IsPassword()
  password!: string;
}
