import { IsString } from 'class-validator';
import { MaxLength, Optional } from '../../common/validation.js';
import type { DataExport, ExportErrorCode, ExportStatus } from '../data-export.entity.js';

/** All that a user has, in one archive, or the way there. */
export class DataExportDto {
  /** @example 3 */
  id!: number;

  /**
   * `queued` and `running` are on their way: ask again shortly. `done` can be fetched until `expiresAt`; `failed` says
   * why in `errorCode`, and a new one can be asked for.
   * @example 'done'
   */
  status!: ExportStatus;

  /**
   * Which part is done, 0 to 1: an estimate.
   * @example 1
   */
  progress!: number;

  /**
   * The archive among the files; null until it is done.
   * @example 17
   */
  fileId!: number | null;

  /**
   * Of the archive, in bytes; null until it is done.
   * @example 48213
   */
  size!: number | null;

  /**
   * Where the archive is to be had without a login, for a browser: whoever has the link has the data. Null until it is
   * done.
   * @example '/api/v1/users/me/exports/3/content?token=1795940000000.c2lnbmF0dXJl'
   */
  url!: string | null;

  /**
   * When link and archive end; null until it has ended.
   * @example '2026-11-24T08:30:00.000Z'
   */
  expiresAt!: Date | null;

  /**
   * Why it failed: `storage_unavailable`, `process_ended`, `internal_error`; null otherwise.
   * @example null
   */
  errorCode!: ExportErrorCode | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** @example '2026-11-21T08:30:09.000Z' */
  finishedAt!: Date | null;

  /** @param token of its link */
  static from(row: DataExport, token: string | null): DataExportDto {
    const { id, status, progress, fileId, errorCode, createdAt, finishedAt, expiresAt } = row;
    const url = token === null ? null : `/api/v1/users/me/exports/${id}/content?token=${token}`;
    return {
      ...{ id, status, progress, fileId, size: row.file?.size ?? null, url, expiresAt },
      ...{ errorCode, createdAt, finishedAt },
    };
  }
}

/** A page of exports, newest first. */
export class DataExportPageDto {
  items!: DataExportDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example null
   */
  nextCursor!: string | null;
}

/** How an archive is fetched by its link. */
export class ExportLinkDto {
  /** Of the export's `url`; in place of a login. */
  @Optional()
  @IsString()
  @MaxLength(200)
  token?: string;
}
