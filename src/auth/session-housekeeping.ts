import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Pruning } from '../database/pruning.js';
import { SessionsService } from './sessions.service.js';

/** Deletes sessions that ended long ago. */
@Injectable()
export class SessionHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pruning: Pruning;

  constructor(sessions: SessionsService) {
    this.pruning = new Pruning({
      name: 'SessionHousekeeping',
      what: 'ended sessions',
      prune: (limit) => sessions.prune(limit),
    });
  }

  onApplicationBootstrap(): void {
    this.pruning.begin();
  }

  onModuleDestroy(): Promise<void> {
    return this.pruning.end();
  }
}
