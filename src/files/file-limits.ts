import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';
import { execute } from '../database/statements.js';
import { StoredFile, UPLOAD_KINDS } from './stored-file.entity.js';

/** How many files there are, and how many bytes they have together. */
interface Amount {
  files: number;
  bytes: number;
}

/** How much each user may have stored of what he uploads. */
@Injectable()
export class FileLimits {
  private readonly most: Amount;

  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    @Inject(ENV) env: Env,
  ) {
    this.most = { files: env.FILES_PER_USER, bytes: env.FILES_BYTES_PER_USER };
  }

  /** Whether there is room for anything at all: to be asked before it is received. @throws AppError as `check` */
  async admit(ownerId: number): Promise<void> {
    await this.check(this.files.manager, ownerId, { files: 1, bytes: 1 });
  }

  /**
   * Has everybody else who uploads for this user wait until the manager's transaction ends. To be called before
   * anything else is done there.
   * @throws AppError not_found where the account is gone
   */
  async lock(manager: EntityManager, ownerId: number): Promise<void> {
    const { affected } = await execute(manager, 'UPDATE users SET role = role WHERE id = ?', [ownerId]);
    if (affected === 0) throw new AppError('not_found');
  }

  /** Under the lock: whether so much more fits. @throws AppError too_many_files, file_space_used_up */
  async check(manager: EntityManager, ownerId: number, more: Amount): Promise<void> {
    const used = await this.usedBy(manager, ownerId);
    for (const [what, code] of CODES) {
      const [limit, taken] = [this.most[what], used[what]];
      if (taken + more[what] > limit)
        throw new AppError(code, { params: { limit }, extensions: { limit, used: taken } });
    }
  }

  private async usedBy(manager: EntityManager, ownerId: number): Promise<Amount> {
    const found = await manager
      .createQueryBuilder(StoredFile, 'file')
      .select('COUNT(*)', 'files')
      .addSelect('COALESCE(SUM(file.size), 0)', 'bytes')
      .where({ ownerId, kind: In(UPLOAD_KINDS) })
      .getRawOne<Record<keyof Amount, number | string>>();
    return { files: Number(found?.files), bytes: Number(found?.bytes) };
  }
}

const CODES = [
  ['files', 'too_many_files'],
  ['bytes', 'file_space_used_up'],
] as const;
