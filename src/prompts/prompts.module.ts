import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PromptScope } from './prompt-scope.entity.js';
import { Prompt } from './prompt.entity.js';
import { PromptsController } from './prompts.controller.js';
import { PromptsService } from './prompts.service.js';

/** The prompt library: own and shared examples of what one can say. */
@Module({
  imports: [TypeOrmModule.forFeature([Prompt, PromptScope])],
  controllers: [PromptsController],
  providers: [PromptsService],
  exports: [PromptsService],
})
export class PromptsModule {}
