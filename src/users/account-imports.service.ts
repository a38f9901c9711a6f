import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { insertRow } from '../database/statements.js';
import { User } from './user.entity.js';
import { emailKey, usernameKey } from './users.service.js';

/** An account that another service had. */
export interface BroughtAccount {
  username: string;
  /** Null where there is none, or another account has it. */
  email: string | null;
  /** As logins are checked against it; whatever is no hash lets nobody in. */
  passwordHash: string;
  createdAt: Date;
  /** He could not log in there, and cannot here. */
  isDeactivated: boolean;
}

/** Takes in accounts of other services, in the caller's transaction. None of them is an admin here. */
@Injectable()
export class AccountImportsService {
  /** Whose usernames these are: ids by the keys of the names. */
  async holders(manager: EntityManager, usernames: string[]): Promise<Map<string, number>> {
    const keys = usernames.map((name) => usernameKey(name));
    const found = await manager.find(User, {
      where: { usernameKey: In(keys) },
      select: { id: true, usernameKey: true },
    });
    return new Map(found.map((user) => [user.usernameKey, user.id]));
  }

  /** Which of these e-mail addresses some account has, by their keys. */
  async takenEmails(manager: EntityManager, emails: string[]): Promise<Set<string>> {
    if (emails.length === 0) return new Set();
    const where = { emailKey: In(emails.map((email) => emailKey(email)!)) };
    const found = await manager.find(User, { where, select: { id: true, emailKey: true } });
    return new Set(found.map((user) => user.emailKey!));
  }

  /** Makes the account; returns its id. @throws where somebody has the name or the address: a unique violation */
  insert(manager: EntityManager, account: BroughtAccount): Promise<number> {
    const { username, email, passwordHash, createdAt, isDeactivated } = account;
    const now = new Date();
    const user = Object.assign(new User(), {
      ...{ username, usernameKey: usernameKey(username), email, emailKey: emailKey(email), passwordHash },
      ...{ role: 'user' as const, deactivatedAt: isDeactivated ? now : null, leavingDueAt: null },
      ...{ createdAt, updatedAt: now },
    });
    return insertRow(manager, User, user);
  }
}
