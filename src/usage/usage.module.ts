import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TurnLimits } from './turn-limits.service.js';
import { UsageDay } from './usage-day.entity.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** What users use: daily quotas, turns a minute, and the report of both. */
@Module({
  imports: [TypeOrmModule.forFeature([UsageDay])],
  controllers: [UsageController],
  providers: [UsageService, TurnLimits],
  exports: [UsageService, TurnLimits],
})
export class UsageModule {}
