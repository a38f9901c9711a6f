import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, IsNull, LessThan, Not, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import type { SessionUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { storedAs } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import type { User } from '../users/user.entity.js';
import { Session } from './session.entity.js';

/** How long a refresh token, and with it a login that is used, lasts. */
export const SESSION_DAYS = 30;
const DAY_MS = 86_400_000;

/** A session with the only copy of its refresh token. */
export interface OpenedSession {
  session: Session;
  user: User;
  refreshToken: string;
}

/** Logins: opened, rotated, revoked. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** Opens a new login of this user. */
  open(user: User, userAgent: string): Promise<OpenedSession> {
    return this.insert(this.dataSource.manager, user, randomUUID(), userAgent);
  }

  /**
   * Whose session this is while it can be used; null once it is revoked or over, or the user deactivated. By hand, and
   * no more than is needed: it stands before every request.
   */
  async findActive(sessionId: number): Promise<SessionUser | null> {
    const { manager } = this.sessions;
    const [found] = await manager.query<Omit<SessionUser, 'sessionId'>[]>(
      'SELECT u.id, u.username, u.role FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ? ' +
        'AND s.revoked_at IS NULL AND s.expires_at > ? AND u.deactivated_at IS NULL',
      [sessionId, storedAs(manager, Session, 'expiresAt', new Date())],
    );
    return found ? { id: found.id, username: found.username, role: found.role, sessionId } : null;
  }

  /**
   * Exchanges a refresh token for the next one. The token of an earlier exchange revokes the whole login: one of
   * the two who have it is not its owner.
   * @throws AppError invalid_refresh_token
   */
  async rotate(refreshToken: string, userAgent: string): Promise<OpenedSession> {
    const known = await this.sessions.findOne({
      where: { refreshHash: hashOf(refreshToken) },
      relations: { user: true },
    });
    if (!known?.user || known.revokedAt || known.user.deactivatedAt)
      throw new AppError('invalid_refresh_token');
    if (known.expiresAt.getTime() <= Date.now()) throw new AppError('invalid_refresh_token');
    const next = await inTransaction(this.dataSource, async (manager) => {
      // One statement decides between two who come at once: the second finds the stamp, and counts as reuse.
      const { affected } = await manager.update(
        Session,
        { id: known.id, rotatedAt: IsNull(), revokedAt: IsNull() },
        { rotatedAt: new Date() },
      );
      return affected === 1 ? this.insert(manager, known.user!, known.family, userAgent) : undefined;
    });
    if (next) return next;
    await this.revokeFamily(known.userId, known.family);
    const misused = { userId: known.userId, sessionId: known.id };
    await this.audit.record(null, { ...misused, type: 'refresh_reuse_detected' });
    throw new AppError('invalid_refresh_token');
  }

  /** Ends the login that this session belongs to. */
  async close(userId: number, sessionId: number): Promise<void> {
    const session = await this.sessions.findOneBy({ id: sessionId, userId });
    if (session) await this.revokeFamily(userId, session.family);
  }

  /** Ends every login of the user but the one given. */
  async closeOthers(userId: number, sessionId: number | undefined): Promise<void> {
    const own = sessionId === undefined ? null : await this.sessions.findOneBy({ id: sessionId, userId });
    const others = own ? { family: Not(own.family) } : {};
    await this.sessions.update({ userId, revokedAt: IsNull(), ...others }, { revokedAt: new Date() });
  }

  /** Ends every login of the user. */
  async closeAll(userId: number): Promise<void> {
    await this.sessions.update({ userId, revokedAt: IsNull() }, { revokedAt: new Date() });
  }

  /** Deletes sessions that ended a day ago or longer; returns how many, at most `limit`. */
  async prune(limit: number): Promise<number> {
    const over = await this.sessions.find({
      where: { expiresAt: LessThan(new Date(Date.now() - DAY_MS)) },
      select: { id: true },
      take: limit,
    });
    if (over.length > 0) await this.sessions.delete({ id: In(over.map(({ id }) => id)) });
    return over.length;
  }

  private async revokeFamily(userId: number, family: string): Promise<void> {
    await this.sessions.update({ userId, family, revokedAt: IsNull() }, { revokedAt: new Date() });
  }

  private async insert(
    manager: EntityManager,
    user: User,
    family: string,
    userAgent: string,
  ): Promise<OpenedSession> {
    const refreshToken = randomBytes(32).toString('base64url');
    const createdAt = new Date();
    const session = manager.create(Session, {
      userId: user.id,
      family,
      refreshHash: hashOf(refreshToken),
      expiresAt: new Date(createdAt.getTime() + SESSION_DAYS * DAY_MS),
      rotatedAt: null,
      revokedAt: null,
      userAgent: userAgent.slice(0, 255),
      createdAt,
    });
    await manager.insert(Session, session);
    return { session, user, refreshToken };
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
