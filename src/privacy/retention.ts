import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { Pruning } from '../database/pruning.js';
import { OutdatedData } from './outdated-data.js';

const DAY_MS = 86_400_000;

/** Deletes what nobody came back to for RETENTION_DAYS; without the variable nothing grows too old. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly prunings: Pruning[];

  constructor(data: OutdatedData, @Inject(ENV) { RETENTION_DAYS: days }: Env) {
    const pruning = (what: string, prune: (before: Date, limit: number) => Promise<number>) =>
      new Pruning({
        ...{ name: 'Retention', what },
        prune: (limit) => prune(new Date(Date.now() - days! * DAY_MS), limit),
      });
    this.prunings =
      days === undefined
        ? []
        : [
            pruning('conversations', (before, limit) => data.pruneConversations(before, limit)),
            pruning('transcriptions', (before, limit) => data.pruneTranscriptions(before, limit)),
            pruning('uploads', (before, limit) => data.pruneUploads(before, limit)),
          ];
  }

  onApplicationBootstrap(): void {
    for (const pruning of this.prunings) pruning.begin();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.prunings.map((pruning) => pruning.end()));
  }
}
