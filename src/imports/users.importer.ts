import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ForeignRow } from '../database/foreign-database.js';
import { AccountImportsService } from '../users/account-imports.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { emailKey, usernameKey } from '../users/users.service.js';
import { BatchWriter } from './batch-writer.js';
import { ImportMarks } from './import-marks.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import { MarkedRows, type Outcome, type Planned } from './marked-rows.js';
import { fittingEmail, fittingName, otherNames } from './old-name.js';
import { NO_PASSWORD, readOldPassword } from './old-password.js';
import { oldFlag, oldText, oldTime } from './old-values.js';

interface OldAccount {
  username: string;
  email: string | null;
  passwordHash: string;
  createdAt: Date;
  isDeactivated: boolean;
}

/** The names and addresses that are taken while a batch is written. */
interface Taken {
  /** Accounts by the keys of their names. */
  names: Map<string, number>;
  emails: Set<string>;
  /** Accounts that this batch has made. */
  made: Set<number>;
}

/** A name that rows refer to an account by, and without regard to case: the first account that has it counts. */
export const nameAlias = (name: string) => `name:${name}`;
export const foldedAlias = (name: string) => `folded:${name.toLowerCase()}`;

/** Brings over accounts: with their names, where they are free, and their passwords. */
@Injectable()
export class UsersImporter {
  constructor(
    private readonly rows: MarkedRows,
    private readonly writer: BatchWriter,
    private readonly marks: ImportMarks,
    private readonly accounts: AccountImportsService,
    private readonly hasher: PasswordHasher,
  ) {}

  bring(run: ImportRun): Promise<void> {
    return this.rows.bring<OldAccount>(run, {
      ...{ kind: 'users', mark: 'user' },
      columns: ['username', 'email', 'password', 'isActive', 'joinedAt'],
      plan: (rows) => this.plan(run, rows),
      make: (manager, items) => this.make(run, manager, items),
    });
  }

  private async plan(run: ImportRun, rows: ForeignRow[]) {
    const keys = rows.map(({ key }) => String(key));
    const left = await this.marks.knownAccounts(this.writer.reader, run.sourceId, keys);
    // Hashing is done on the thread pool: all of them at once keep its threads at work.
    const items = await Promise.all(
      rows.filter(({ key }) => !left.has(String(key))).map((row) => this.planOne(run, row)),
    );
    const remarks: Remark[] = [...left].map((key) => ({ what: 'skipped', reason: 'account_deleted', key }));
    return { items, remarks };
  }

  private async planOne(run: ImportRun, row: ForeignRow): Promise<Planned<OldAccount>> {
    const key = String(row['key']);
    const [oldName, oldEmail] = [oldText(row['username']), oldText(row['email']).trim()];
    const [username, email] = [fittingName(oldName, key), fittingEmail(oldEmail)];
    const { passwordHash, reason } = await this.passwordOf(run, oldText(row['password']));
    const remarks: Remark[] = [
      ...(username === oldName ? [] : [changed('username_adjusted', key, username)]),
      ...(email === null && oldEmail !== '' ? [changed('email_invalid', key)] : []),
      ...(reason ? [changed(reason, key)] : []),
    ];
    const createdAt = oldTime(row['joinedAt'], run.options.timeZone) ?? new Date();
    const isDeactivated = !oldFlag(row['isActive'], true);
    return {
      keys: [key],
      values: { username, email, passwordHash, createdAt, isDeactivated },
      remarks,
      aliases: [nameAlias(oldName), foldedAlias(oldName)],
    };
  }

  private async passwordOf(run: ImportRun, text: string): Promise<{ passwordHash: string; reason?: string }> {
    const password = readOldPassword(text, (hash) => this.hasher.canVerify(hash));
    if ('hash' in password) return { passwordHash: password.hash };
    if ('reason' in password) return { passwordHash: NO_PASSWORD, reason: password.reason };
    return { passwordHash: run.isDry ? NO_PASSWORD : await this.hasher.hash(password.plain) };
  }

  private async make(
    run: ImportRun,
    manager: EntityManager,
    items: Planned<OldAccount>[],
  ): Promise<Outcome[]> {
    const emails = items.flatMap(({ values }) => values.email ?? []);
    const taken: Taken = {
      names: await this.accounts.holders(
        manager,
        items.map(({ values }) => values.username),
      ),
      emails: await this.accounts.takenEmails(manager, emails),
      made: new Set(),
    };
    const outcomes: Outcome[] = [];
    for (const item of items) outcomes.push(await this.place(run, manager, item, taken));
    return outcomes;
  }

  private async place(
    run: ImportRun,
    manager: EntityManager,
    item: Planned<OldAccount>,
    taken: Taken,
  ): Promise<Outcome> {
    const { username } = item.values;
    const holder = taken.names.get(usernameKey(username));
    if (holder === undefined) return this.insert(run, manager, item, { taken, remarks: [] });
    // Two accounts of one backend are two people, whatever the operator says of others.
    const isOwn = taken.made.has(holder) || (await this.marks.isFrom(manager, run.sourceId, holder));
    const [key] = item.keys;
    if (run.options.sameName === 'skip' && !isOwn) return { skipped: 'same_name' };
    if (run.options.sameName === 'merge' && !isOwn) {
      await this.remember(run, manager, key);
      return { newId: holder, ownerId: holder, remarks: [changed('account_merged', key, username)] };
    }
    const free = await this.freeName(run, manager, username, taken);
    const renamed = { ...item, values: { ...item.values, username: free } };
    return this.insert(run, manager, renamed, { taken, remarks: [changed('username_taken', key, free)] });
  }

  private async insert(
    run: ImportRun,
    manager: EntityManager,
    { keys: [key], values }: Planned<OldAccount>,
    { taken, remarks }: { taken: Taken; remarks: Remark[] },
  ): Promise<Outcome> {
    const address = emailKey(values.email);
    const isTaken = address !== null && taken.emails.has(address);
    const account = isTaken ? { ...values, email: null } : values;
    const id = await run.make(() => this.accounts.insert(manager, account));
    await this.remember(run, manager, key);
    taken.names.set(usernameKey(values.username), id);
    taken.made.add(id);
    if (address !== null) taken.emails.add(address);
    return { newId: id, ownerId: id, remarks: isTaken ? [...remarks, changed('email_taken', key)] : remarks };
  }

  private async remember(run: ImportRun, manager: EntityManager, key: string): Promise<void> {
    if (!run.isDry) await this.marks.addAccount(manager, run.sourceId, key);
  }

  private async freeName(
    run: ImportRun,
    manager: EntityManager,
    username: string,
    { names }: Taken,
  ): Promise<string> {
    for (const name of otherNames(username, run.options.surface)) {
      const key = usernameKey(name);
      if (!names.has(key) && !(await this.accounts.holders(manager, [name])).has(key)) return name;
    }
    throw new Error('there are no names left');
  }
}

function changed(reason: string, key: string, instead?: string): Remark {
  return { what: 'changed', reason, key, instead };
}
