import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { isUniqueViolation } from '../database/failures.js';
import { execute, storedAs } from '../database/statements.js';
import { ImportSource } from './import-source.entity.js';
import type { OldSurface } from './old-shapes.js';

const LEASE_MS = 5_000;
const RENEW_MS = 1_000;
const LOOK_MS = 250;

/** Another run works on the same source. */
export class ImportRunningError extends Error {
  constructor() {
    super('another import of this database is running');
    this.name = 'ImportRunningError';
  }
}

/** Another run has taken the source over: whatever this one writes is taken back. */
export class ImportOvertakenError extends Error {
  constructor() {
    super('another import of this database has taken over');
    this.name = 'ImportOvertakenError';
  }
}

/**
 * One run at a time works on a source. It holds a lease on the source's row, which it renews by the side; and each of its
 * transactions begins with `fence`, so that a run that was stopped for a while writes nothing once it has been overtaken.
 */
@Injectable()
export class ImportLease {
  private readonly owner = randomUUID();
  private timer: NodeJS.Timeout | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Takes the source. One that a run holds that is dead is waited for, until its lease has run out.
   * @throws ImportRunningError where that run is alive
   */
  async take(surface: OldSurface, name: string): Promise<ImportSource> {
    const source = await this.row(surface, name);
    for (let seen = source.leaseExpiresAt; !(await this.claim(source.id));) {
      await sleep(LOOK_MS);
      const { leaseExpiresAt } = await this.row(surface, name);
      // It was renewed: somebody is there.
      if (seen && leaseExpiresAt && leaseExpiresAt > seen) throw new ImportRunningError();
      seen = leaseExpiresAt;
    }
    this.timer = setInterval(() => void this.renew(source.id), RENEW_MS).unref();
    return source;
  }

  /** In a transaction, before anything else. @throws ImportOvertakenError */
  async fence(manager: EntityManager, sourceId: number): Promise<void> {
    const expires = storedAs(manager, ImportSource, 'leaseExpiresAt', new Date(Date.now() + LEASE_MS));
    const sql = 'UPDATE import_sources SET lease_expires_at = ? WHERE id = ? AND lease_owner = ?';
    const { affected } = await execute(manager, sql, [expires, sourceId, this.owner]);
    if (affected !== 1) throw new ImportOvertakenError();
  }

  /** Gives the source back. @param isComplete the run came to its end */
  async release(sourceId: number, isComplete: boolean): Promise<void> {
    clearInterval(this.timer);
    const where = { id: sourceId, leaseOwner: this.owner };
    const changes = {
      leaseOwner: null,
      leaseExpiresAt: null,
      ...(isComplete && { completedAt: new Date() }),
    };
    await this.dataSource.manager.update(ImportSource, where, changes);
  }

  private async claim(sourceId: number): Promise<boolean> {
    const { manager } = this.dataSource;
    const at = (ms: number) => storedAs(manager, ImportSource, 'leaseExpiresAt', new Date(ms));
    const { affected } = await execute(
      manager,
      `UPDATE import_sources SET lease_owner = ?, lease_expires_at = ?
       WHERE id = ? AND (lease_owner IS NULL OR lease_expires_at < ?)`,
      [this.owner, at(Date.now() + LEASE_MS), sourceId, at(Date.now())],
    );
    return affected === 1;
  }

  /** Never throws: the next time may be better, and the fence is there. */
  private async renew(sourceId: number): Promise<void> {
    await this.fence(this.dataSource.manager, sourceId).catch(() => undefined);
  }

  private async row(surface: OldSurface, name: string): Promise<ImportSource> {
    const sources = this.dataSource.getRepository(ImportSource);
    const known = await sources.findOneBy({ surface, name });
    if (known) return known;
    const fresh = { surface, name, leaseOwner: null, leaseExpiresAt: null, createdAt: new Date() };
    try {
      return await sources.save(sources.create({ ...fresh, completedAt: null }));
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return sources.findOneByOrFail({ surface, name });
    }
  }
}
