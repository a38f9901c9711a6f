import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { Suggestion } from './suggestion.entity.js';
import { SuggestionStore } from './suggestion.store.js';
import { SuggestionWriter } from './suggestion.writer.js';
import { SuggestionsController } from './suggestions.controller.js';
import { SuggestionsService } from './suggestions.service.js';

/** What the user may ask next, after an answer. */
@Module({
  imports: [TypeOrmModule.forFeature([Suggestion]), ConversationsModule, UsageModule],
  controllers: [SuggestionsController],
  providers: [SuggestionsService, SuggestionStore, SuggestionWriter],
  exports: [SuggestionsService],
})
export class SuggestionsModule {}
