import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import {
  type EntityManager,
  type FindOptionsWhere,
  IsNull,
  LessThan,
  LessThanOrEqual,
  Not,
  type Repository,
} from 'typeorm';
import type { UserRole } from '../common/current-user.js';
import { type Page, decodeCursor, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import type { ChangeUserDto } from './dto/change-user.dto.js';
import { UserDto } from './dto/user.dto.js';
import { User } from './user.entity.js';

export interface NewUser {
  username: string;
  email?: string | null;
  passwordHash: string;
  role?: UserRole;
}

/** What can be changed of an account. */
export type UserChanges = Partial<
  Pick<User, 'username' | 'email' | 'passwordHash' | 'role' | 'deactivatedAt'>
>;

/** Two names are the same where their keys are. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** Two e-mail addresses are the same where their keys are; null where there is none. */
export function emailKey(email: string | null | undefined): string | null {
  return email ? email.normalize('NFKC').toLowerCase() : null;
}

/** Accounts. */
@Injectable()
export class UsersService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** @throws AppError username_taken, email_taken */
  async create({ username, email = null, passwordHash, role = 'user' }: NewUser): Promise<User> {
    const keys = { usernameKey: usernameKey(username), emailKey: emailKey(email) };
    const user = this.users.create({
      username,
      email,
      passwordHash,
      role,
      deactivatedAt: null,
      leavingDueAt: null,
      ...keys,
    });
    return this.refusing(keys, () => this.users.save(user));
  }

  findById(id: number): Promise<User | null> {
    return this.users.findOneBy({ id });
  }

  findByUsername(username: string): Promise<User | null> {
    return this.users.findOneBy({ usernameKey: usernameKey(username) });
  }

  /** The account of a username, or of an e-mail address. */
  async findByLogin(login: string): Promise<User | null> {
    const byName = await this.findByUsername(login);
    if (byName || !login.includes('@')) return byName;
    return this.users.findOneBy({ emailKey: emailKey(login)! });
  }

  /** @throws AppError not_found (also of one that is being deleted), username_taken, email_taken */
  async change(id: number, changes: UserChanges): Promise<User> {
    const keys = {
      ...(changes.username !== undefined && { usernameKey: usernameKey(changes.username) }),
      ...(changes.email !== undefined && { emailKey: emailKey(changes.email) }),
    };
    const { affected } = await this.refusing({ id, ...keys }, () =>
      this.users.update({ id, leavingDueAt: IsNull() }, { ...changes, ...keys, updatedAt: new Date() }),
    );
    const user = affected ? await this.findById(id) : null;
    if (!user) throw new AppError('not_found');
    return user;
  }

  /**
   * Puts a hash of the same password in the place of an older one. It leaves alone what somebody else has put there
   * meanwhile.
   */
  async renewHash({ id, passwordHash: before }: User, passwordHash: string): Promise<void> {
    await this.users.update({ id, passwordHash: before }, { passwordHash });
  }

  /** Begins the end of an account: nobody can log in to it any more, for good. */
  async leave(id: number, leaseMs: number): Promise<void> {
    await this.users.update({ id }, { deactivatedAt: new Date(), leavingDueAt: after(leaseMs) });
  }

  /** Accounts that are being deleted by nobody. */
  overdueLeaving(): Promise<User[]> {
    return this.users.find({ where: { leavingDueAt: LessThanOrEqual(new Date()) }, select: { id: true } });
  }

  /** Takes such an account over; false where another process was faster. */
  async takeLeaving(id: number, leaseMs: number): Promise<boolean> {
    const overdue = { id, leavingDueAt: LessThanOrEqual(new Date()) };
    const { affected } = await this.users.update(overdue, { leavingDueAt: after(leaseMs) });
    return affected === 1;
  }

  async renewLeaving(id: number, leaseMs: number): Promise<void> {
    await this.users.update({ id, leavingDueAt: Not(IsNull()) }, { leavingDueAt: after(leaseMs) });
  }

  /**
   * Deletes the account and, by the tables' references, everything that belongs to it; false where it was gone.
   * @param before done in the same transaction, while everything is still there and nothing can be added
   */
  async delete(id: number, before: (manager: EntityManager) => Promise<void>): Promise<boolean> {
    return inTransaction(this.users.manager.dataSource, async (manager) => {
      // Whoever adds a row that belongs to the account waits for this lock.
      await manager.update(User, { id }, { deactivatedAt: new Date() });
      await before(manager);
      return (await manager.delete(User, { id })).affected === 1;
    });
  }

  /** All accounts, newest first: for admins. */
  async list(query: PageQueryDto): Promise<Page<UserDto>> {
    const cursor = decodeCursor(query.cursor, 1);
    const where: FindOptionsWhere<User> = cursor ? { id: LessThan(cursor[0]!) } : {};
    const rows = await this.users.find({ where, order: { id: 'DESC' }, take: query.limit + 1 });
    const page = pageOf(rows, query.limit, (user) => [user.id]);
    return { items: page.items.map((user) => UserDto.from(user)), nextCursor: page.nextCursor };
  }

  /** @throws AppError not_found */
  async changeAsAdmin(id: number, { role, deactivated }: ChangeUserDto): Promise<UserDto> {
    const changes: UserChanges = {
      ...(role !== undefined && { role }),
      ...(deactivated !== undefined && { deactivatedAt: deactivated ? new Date() : null }),
    };
    return UserDto.from(await this.change(id, changes));
  }

  /** Runs a statement, and finds out by looking which of the two names another account has. */
  private async refusing<T>(
    { id, usernameKey: key }: { id?: number; usernameKey?: string },
    statement: () => Promise<T>,
  ): Promise<T> {
    try {
      return await statement();
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const holder = key === undefined ? null : await this.users.findOneBy({ usernameKey: key });
      throw new AppError(holder && holder.id !== id ? 'username_taken' : 'email_taken');
    }
  }
}

function after(ms: number): Date {
  return new Date(Date.now() + ms);
}
