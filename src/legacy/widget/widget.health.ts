import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { VERSION } from '../../config/version.js';
import { HealthService } from '../../health/health.service.js';
import type { WidgetHealthDto } from './dto/widget.dto.js';

const SERVICE = 'Parley';
/** Seconds after which it is worth asking again. */
const RETRY_AFTER = 5;

/** What this process depends on, in the words of the widget's old backend. */
@Injectable()
export class WidgetHealth {
  constructor(private readonly health: HealthService) {}

  async of(reply: FastifyReply): Promise<WidgetHealthDto> {
    const { status, database, redis, shuttingDown } = await this.health.state();
    if (status === 'ready') return { service: SERVICE, status: 'healthy', version: VERSION };
    reply.status(503).header('Retry-After', RETRY_AFTER);
    const down = Object.entries({
      database: database === 'down',
      redis: redis === 'down',
      process: shuttingDown,
    });
    return {
      service: SERVICE,
      status: 'unhealthy',
      version: VERSION,
      down: down.filter(([, isDown]) => isDown).map(([name]) => name),
    };
  }
}
