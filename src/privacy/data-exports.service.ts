import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import type { AuthUser } from '../common/current-user.js';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { isUniqueViolation } from '../database/failures.js';
import { insertRow } from '../database/statements.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { DataExport } from './data-export.entity.js';
import { DataExportJobs, LOOK_AGAIN_MS } from './data-export.jobs.js';
import { DataExportRuns } from './data-export.runs.js';
import { DataExportDto, type DataExportPageDto } from './dto/data-export.dto.js';
import { ExportLimits } from './export-limits.js';
import { ExportLinks } from './export-links.js';

const BLANK = { status: 'queued', runs: 0, progress: 0, fileId: null, errorCode: null } as const;

/** Exports, as their owners ask for them. */
@Injectable()
export class DataExportsService {
  constructor(
    @InjectRepository(DataExport) private readonly exports: Repository<DataExport>,
    private readonly runs: DataExportRuns,
    private readonly jobs: DataExportJobs,
    private readonly links: ExportLinks,
    private readonly limits: ExportLimits,
    private readonly audit: AuditService,
  ) {}

  /** Begins one. @throws AppError export_running, too_many_exports */
  async ask(ownerId: number): Promise<DataExportDto> {
    await this.assertNoneRuns(ownerId);
    await this.limits.take(ownerId);
    const now = new Date();
    const row = Object.assign(new DataExport(), BLANK, {
      ...{ ownerId, activeFor: ownerId, createdAt: now, finishedAt: null, expiresAt: null },
      dueAt: new Date(now.getTime() + LOOK_AGAIN_MS),
    });
    try {
      row.id = await insertRow(this.exports.manager, DataExport, row);
    } catch (error) {
      await this.limits.giveBack(ownerId);
      if (isUniqueViolation(error)) await this.assertNoneRuns(ownerId);
      throw error;
    }
    await this.audit.record(null, { userId: ownerId, type: 'data_exported', details: { exportId: row.id } });
    await this.jobs.add(row);
    return this.shown(row);
  }

  async list(ownerId: number, { limit, cursor }: PageQueryDto): Promise<DataExportPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const rows = await this.exports.find({
      where: { ownerId, ...(before !== undefined && { id: LessThan(before) }) },
      relations: { file: true },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((row) => this.shown(row)), nextCursor };
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<DataExportDto> {
    return this.shown(await this.findOwned(ownerId, id));
  }

  /** Removes it with its archive; one that is on its way ends. @throws AppError not_found */
  async delete(ownerId: number, id: number): Promise<void> {
    const row = await this.findOwned(ownerId, id);
    if (!(await this.runs.remove(row))) throw new AppError('not_found');
  }

  /**
   * The archive: for its owner, or for whoever has its link, while the account may be used.
   * @throws AppError not_found, also where the link is over or none of ours; export_not_ready
   */
  async archiveOf(user: AuthUser | undefined, id: number, token?: string): Promise<StoredFile> {
    const row = user ? await this.findOwned(user.id, id) : await this.findLinked(id, token ?? '');
    if (!row.file || !row.expiresAt) throw new AppError('export_not_ready');
    if (row.expiresAt.getTime() <= Date.now()) throw new AppError('not_found');
    return row.file;
  }

  private async findOwned(ownerId: number, id: number): Promise<DataExport> {
    const row = await this.exports.findOne({ where: { id, ownerId }, relations: { file: true } });
    if (!row) throw new AppError('not_found');
    return row;
  }

  private async findLinked(id: number, token: string): Promise<DataExport> {
    const where = { id, owner: { deactivatedAt: IsNull() } };
    const row = await this.exports.findOne({ where, relations: { file: true } });
    if (!row || !this.links.opens(row, token)) throw new AppError('not_found');
    return row;
  }

  private async assertNoneRuns(ownerId: number): Promise<void> {
    const running = await this.exports.findOneBy({ activeFor: ownerId });
    if (running) throw new AppError('export_running', { extensions: { runningExportId: running.id } });
  }

  private shown(row: DataExport): DataExportDto {
    return DataExportDto.from(row, this.links.tokenOf(row));
  }
}
