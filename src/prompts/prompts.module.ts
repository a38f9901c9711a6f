import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PromptExportService } from './prompt-export.service.js';
import { PromptImportService } from './prompt-import.service.js';
import { PromptIndexer } from './prompt-indexer.js';
import { PromptListingService } from './prompt-listing.service.js';
import { PromptScope } from './prompt-scope.entity.js';
import { Prompt } from './prompt.entity.js';
import { PromptsController } from './prompts.controller.js';
import { PromptsService } from './prompts.service.js';

/** The prompt library: own and shared examples of what one can say. */
@Module({
  imports: [TypeOrmModule.forFeature([Prompt, PromptScope])],
  controllers: [PromptsController],
  providers: [PromptsService, PromptListingService, PromptImportService, PromptExportService, PromptIndexer],
  exports: [PromptsService],
})
export class PromptsModule {}
