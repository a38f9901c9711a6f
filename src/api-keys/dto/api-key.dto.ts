import { ApiProperty } from '@nestjs/swagger';
import { API_SCOPES, type ApiScope } from '../../common/api-scopes.js';
import type { ApiKey } from '../api-key.entity.js';

/** What is known of an API key. */
export class ApiKeyDto {
  /** @example 5 */
  id!: number;

  /**
   * What it is for; up to 100 characters.
   * @example 'Nightly report'
   */
  name!: string;

  /** What it may do. */
  @ApiProperty({ enum: API_SCOPES, isArray: true, example: ['read', 'chat'] })
  scopes!: ApiScope[];

  /**
   * Its beginning, which all keys have, and its last four characters.
   * @example 'parley_…x7Qd'
   */
  hint!: string;

  /** When it ends; null: when it is revoked. */
  expiresAt!: Date | null;

  /** When it was last used, to the minute; null for one that never was. */
  lastUsedAt!: Date | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  static from({ id, name, scopes, hint, expiresAt, lastUsedAt, createdAt }: ApiKey): ApiKeyDto {
    return { id, name, scopes, hint, expiresAt, lastUsedAt, createdAt };
  }
}

/** An API key that was just made. */
export class NewApiKeyDto extends ApiKeyDto {
  /**
   * For `Authorization: Bearer …`. It is shown this once, and kept nowhere.
   * @example 'parley_4hFJ2kq0ZrT8mWc1Yb6xLsVd9GnPe3UaQo7iKjMhSvXw0aB1cD'
   */
  key!: string;

  static of(apiKey: ApiKey, key: string): NewApiKeyDto {
    return { ...ApiKeyDto.from(apiKey), key };
  }
}

/** One page of API keys, newest first. */
export class ApiKeyPageDto {
  /** The keys, in the list's order. */
  items!: ApiKeyDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'WzVd'
   */
  nextCursor!: string | null;
}
