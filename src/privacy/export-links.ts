import { Inject, Injectable } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ENV, type Env } from '../config/env.js';
import type { DataExport } from './data-export.entity.js';

/**
 * Links that open an archive in a browser, where no header can be sent. A token is the time of its end and a signature
 * over that time, the export and its owner: it opens this one archive, until then, and is kept nowhere.
 */
@Injectable()
export class ExportLinks {
  private readonly key: Buffer;

  constructor(@Inject(ENV) env: Env) {
    // A key of its own: what is signed here is no token anywhere else.
    this.key = createHmac('sha256', env.JWT_SECRET).update('parley export links').digest();
  }

  /** Null where there is nothing to open. */
  tokenOf({ id, ownerId, status, expiresAt }: DataExport): string | null {
    if (status !== 'done' || expiresAt === null) return null;
    return this.sign(id, ownerId, expiresAt.getTime());
  }

  opens({ id, ownerId }: DataExport, token: string, now = Date.now()): boolean {
    const ends = Number(/^\d{1,15}(?=\.)/.exec(token)?.[0] ?? 0);
    return isSame(token, this.sign(id, ownerId, ends)) && ends > now;
  }

  private sign(id: number, ownerId: number, ends: number): string {
    const signed = createHmac('sha256', this.key).update(`${id}.${ownerId}.${ends}`);
    return `${ends}.${signed.digest('base64url')}`;
  }
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
