import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Pruning } from '../database/pruning.js';
import { AuditService } from './audit.service.js';

/** Deletes security events that are older than they are kept. */
@Injectable()
export class AuditHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pruning: Pruning;

  constructor(audit: AuditService) {
    this.pruning = new Pruning({
      name: 'AuditHousekeeping',
      what: 'security events',
      prune: (limit) => audit.prune(limit),
    });
  }

  onApplicationBootstrap(): void {
    this.pruning.begin();
  }

  onModuleDestroy(): Promise<void> {
    return this.pruning.end();
  }
}
