import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditEvent } from './audit-event.entity.js';
import { AuditHousekeeping } from './audit-housekeeping.js';
import { AuditService } from './audit.service.js';
import { SecurityEventsController } from './security-events.controller.js';

/** The log of security events. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditEvent])],
  controllers: [SecurityEventsController],
  providers: [AuditService, AuditHousekeeping],
  exports: [AuditService],
})
export class AuditModule {}
