import { Injectable } from '@nestjs/common';
import type { SecurityEventType } from '../audit/audit-event.entity.js';
import { AuditService, type SecurityEvent } from '../audit/audit.service.js';
import { assertLoggedIn, type AuthUser, type SessionUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import type { ChangeUserDto } from '../users/dto/change-user.dto.js';
import { UserDto } from '../users/dto/user.dto.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordProof } from '../users/password-proof.js';
import type { User } from '../users/user.entity.js';
import { type UserChanges, UsersService } from '../users/users.service.js';
import type { ChangeAccountDto } from './dto/auth.dto.js';
import { SessionsService } from './sessions.service.js';

/** What somebody changes of his account; absent fields stay. */
export interface AccountChanges {
  username?: string | undefined;
  /** Null takes the address away. */
  email?: string | null | undefined;
  /** All other logins end. */
  password?: string | undefined;
}

/** A person's own account: what concerns his password concerns his logins too. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly proof: PasswordProof,
    private readonly audit: AuditService,
  ) {}

  async find(user: AuthUser): Promise<UserDto> {
    const found = await this.users.findById(user.id);
    if (!found) throw new AppError('unauthenticated');
    return UserDto.from(found);
  }

  /** @throws AppError wrong_password, username_taken, email_taken; RateLimitedError */
  async change(
    user: SessionUser,
    { currentPassword, ...changes }: ChangeAccountDto,
    address: string,
  ): Promise<UserDto> {
    return this.apply(user, await this.proof.demand(user, currentPassword, address), changes);
  }

  /**
   * Changes an account by its login alone, for clients that do not ask for the password again. The caller has checked
   * the values.
   * @throws AppError session_required where a key acts; username_taken, email_taken; unauthenticated, also for a password
   *   where nobody has logged in
   */
  async changeByLogin(user: AuthUser, changes: AccountChanges): Promise<UserDto> {
    if ('apiKeyId' in user) throw new AppError('session_required');
    // In a closed network somebody may be believed; that is not enough to become him everywhere.
    if (changes.password !== undefined) assertLoggedIn(user);
    const before = await this.users.findById(user.id);
    if (!before) throw new AppError('unauthenticated');
    return this.apply(user, before, changes);
  }

  /** What an admin changes; the logins of an account that he deactivates end for good. @throws AppError not_found */
  async changeAsAdmin(adminId: number, id: number, dto: ChangeUserDto): Promise<UserDto> {
    const before = await this.users.findById(id);
    const changed = await this.users.changeAsAdmin(id, dto);
    if (dto.deactivated) await this.sessions.closeAll(id);
    for (const told of whatAdminChanged(before!, changed))
      await this.audit.record(null, { userId: id, actorId: adminId, ...told });
    return changed;
  }

  private async apply(
    user: AuthUser & Partial<SessionUser>,
    before: User,
    { username, email, password }: AccountChanges,
  ): Promise<UserDto> {
    const changes: UserChanges = {
      ...(username !== undefined && { username }),
      ...(email !== undefined && { email }),
      ...(password !== undefined && { passwordHash: await this.hasher.hash(password) }),
    };
    const changed = await this.users.change(user.id, changes);
    if (password !== undefined) await this.sessions.closeOthers(user.id, user.sessionId);
    for (const type of whatChanged(before, changed, password))
      await this.audit.record(null, { userId: user.id, type });
    return UserDto.from(changed);
  }
}

/** What is told of a change, and never the values. */
function whatChanged(before: User, after: User, password: string | undefined): SecurityEventType[] {
  return [
    ...(before.username === after.username ? [] : ['username_changed' as const]),
    ...(before.email === after.email ? [] : ['email_changed' as const]),
    ...(password === undefined ? [] : ['password_changed' as const]),
  ];
}

function whatAdminChanged(before: User, { role, deactivatedAt }: UserDto): Omit<SecurityEvent, 'userId'>[] {
  const type = deactivatedAt ? ('account_deactivated' as const) : ('account_reactivated' as const);
  return [
    ...(before.role === role ? [] : [{ type: 'role_changed' as const, details: { role } }]),
    ...((before.deactivatedAt === null) === (deactivatedAt === null) ? [] : [{ type }]),
  ];
}
