import { ApiProperty } from '@nestjs/swagger';
import {
  type AuditEvent,
  SECURITY_EVENT_TYPES,
  type SecurityEventDetails,
  type SecurityEventType,
} from '../audit-event.entity.js';

/** Something that happened to the own account. */
export class SecurityEventDto {
  /** @example 512 */
  id!: number;

  @ApiProperty({ enum: SECURITY_EVENT_TYPES, enumName: 'SecurityEventType' })
  type!: SecurityEventType;

  /**
   * IP address that the request came from; null where an admin or the server itself did it.
   * @example '203.0.113.7'
   */
  address!: string | null;

  /**
   * What the client called itself, up to 255 characters.
   * @example 'Mozilla/5.0'
   */
  userAgent!: string | null;

  /**
   * The login that it was done with, or that it is about.
   * @example 88
   */
  sessionId!: number | null;

  /**
   * The API key that it was done with, or that it is about.
   * @example 5
   */
  apiKeyId!: number | null;

  /** What else is to be known, by type: `role` of `role_changed`, `hint` and `scopes` of an API key's. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    nullable: true,
    example: { role: 'admin' },
  })
  details!: SecurityEventDetails | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  static from(event: AuditEvent): SecurityEventDto {
    const { id, type, address, userAgent, sessionId, apiKeyId, details, createdAt } = event;
    return { id, type, address, userAgent, sessionId, apiKeyId, details, createdAt };
  }
}

/** One page of security events, newest first. */
export class SecurityEventPageDto {
  /** The events, in the list's order. */
  items!: SecurityEventDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'WzUxMl0'
   */
  nextCursor!: string | null;
}
