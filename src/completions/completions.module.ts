import { Module } from '@nestjs/common';
import { LlmModule } from '../llm/llm.module.js';
import { CompletionsService } from './completions.service.js';
import { VisitorLimits } from './visitor-limits.js';
import { VisitorsService } from './visitors.service.js';

/** Answers that belong to no conversation. */
@Module({
  imports: [LlmModule],
  providers: [CompletionsService, VisitorLimits, VisitorsService],
  exports: [CompletionsService, VisitorsService],
})
export class CompletionsModule {}
