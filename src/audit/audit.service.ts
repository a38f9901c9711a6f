import { isIP } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThan, type Repository } from 'typeorm';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import { requestContext } from '../common/request-context.js';
import { ENV, type Env } from '../config/env.js';
import { AuditEvent, type SecurityEventDetails, type SecurityEventType } from './audit-event.entity.js';
import { SecurityEventDto, type SecurityEventPageDto } from './dto/security-event.dto.js';
import type { SecurityEventsQueryDto } from './dto/security-events-query.dto.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Failed logins of one account that are written down in an hour: whoever guesses does not fill the table. */
const FAILURES_AN_HOUR = 20;

/** What happened. Where from, and by which login or key, the request that is being served tells. */
export interface SecurityEvent {
  /** Whose account it concerns. */
  userId: number;
  type: SecurityEventType;
  /** An admin who did it: then nothing is told of his request. */
  actorId?: number;
  /** In place of the request's own: of a login that has only just begun, or of one that was misused. */
  sessionId?: number;
  /** In place of the request's own: the key that was made or revoked. */
  apiKeyId?: number;
  details?: SecurityEventDetails;
}

/** The log of what happens to accounts: written by whoever does it, read by the account's owner. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(
    @InjectRepository(AuditEvent) private readonly events: Repository<AuditEvent>,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Writes an event down.
   * @param manager of a transaction: the event is written with it, or fails it. Null: best effort; it never throws,
   *   since nobody is to be kept out of his account because the log cannot be written
   */
  async record(manager: EntityManager | null, event: SecurityEvent): Promise<void> {
    if (manager) return this.insert(manager, event);
    try {
      await this.insert(this.events.manager, event);
    } catch (error) {
      this.logger.warn(`cannot record ${event.type}: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }

  /**
   * Writes a failed login of a known account down, but for those beyond the hour's number. Not to be waited for: the
   * time of the answer must not tell a known name from an unknown one.
   */
  async recordFailedLogin(userId: number): Promise<void> {
    try {
      const [earlier] = await this.events.find({
        where: { userId, type: 'login_failed' },
        order: { id: 'DESC' },
        skip: FAILURES_AN_HOUR - 1,
        take: 1,
      });
      if (earlier && earlier.createdAt.getTime() > Date.now() - HOUR_MS) return;
    } catch {
      // Said where the event cannot be written, either.
    }
    await this.record(null, { userId, type: 'login_failed' });
  }

  /** An account that is gone has no log: its end is a line of the process's, without a name or a number. */
  accountDeleted(): void {
    this.logger.log('account deleted');
  }

  /** Newest first. */
  async list(userId: number, { limit, cursor, type }: SecurityEventsQueryDto): Promise<SecurityEventPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const rows = await this.events.find({
      where: { userId, ...(type && { type }), ...(before !== undefined && { id: LessThan(before) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((event) => SecurityEventDto.from(event)), nextCursor };
  }

  /** Deletes events that are older than AUDIT_RETENTION_DAYS; returns how many, at most `limit`. */
  async prune(limit: number): Promise<number> {
    const over = await this.events.find({
      where: { createdAt: LessThan(new Date(Date.now() - this.env.AUDIT_RETENTION_DAYS * DAY_MS)) },
      select: { id: true },
      take: limit,
    });
    if (over.length > 0) await this.events.delete({ id: In(over.map(({ id }) => id)) });
    return over.length;
  }

  private async insert(manager: EntityManager, event: SecurityEvent): Promise<void> {
    const { userId, type, actorId = null, details = null } = event;
    // An admin's address and login are none of the account's business.
    const context = actorId === null ? requestContext.getStore() : undefined;
    await manager.insert(AuditEvent, {
      ...{ userId, actorId, type, details },
      address: addressOf(context?.caller?.address),
      userAgent: context?.caller?.userAgent.slice(0, 255) ?? null,
      sessionId: event.sessionId ?? context?.sessionId ?? null,
      apiKeyId: event.apiKeyId ?? context?.apiKeyId ?? null,
      createdAt: new Date(),
    });
  }
}

/** An IPv4 address is written as one, also where it came over IPv6. What is no address is not kept. */
function addressOf(address = ''): string | null {
  return isIP(address) ? address.replace(/^::ffff:(?=\d+\.)/i, '').slice(0, 45) : null;
}
