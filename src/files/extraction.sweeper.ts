import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Sweep } from '../database/sweep.js';
import { MAX_ATTEMPTS } from './extraction.runner.js';
import { ExtractionStore, LEASE_MS } from './extraction.store.js';
import { Extractions } from './extractions.js';
import type { StoredFile } from './stored-file.entity.js';

const SWEEP_MS = 1_000;
const BATCH = 100;
/** When one that was handed over is looked at again: its job may have got lost with the queue that had it. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Takes care of files that nobody takes care of any more: whose job was never added or got lost, whose reader's process
 * is gone. Runs in every process; each step is done by one of them.
 */
@Injectable()
export class ExtractionSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ExtractionSweeper');
  private readonly sweep = new Sweep<StoredFile>({
    ...{ name: 'ExtractionSweeper', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
    look: () => this.store.due(BATCH),
    take: (file) => this.take(file),
  });

  constructor(
    private readonly store: ExtractionStore,
    private readonly extractions: Extractions,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  private async take(file: StoredFile): Promise<void> {
    const { id, extraction, extractionAttempt } = file;
    if (extraction === 'running' && extractionAttempt >= MAX_ATTEMPTS) {
      const failed = { extraction: 'failed', extractionError: 'extraction_crashed' } as const;
      if (await this.store.changeDue(file, { ...failed, extractionDueAt: null }))
        this.logger.error(`file ${id} has lost its process ${extractionAttempt} times; not read again`);
      return;
    }
    const waiting = { extraction: 'queued' as const, extractionDueAt: new Date(Date.now() + LOOK_AGAIN_MS) };
    if (!(await this.store.changeDue(file, waiting))) return;
    if (extraction === 'running') this.logger.log(`file ${id} is read again: its process is gone`);
    await this.extractions.again(file);
  }
}
