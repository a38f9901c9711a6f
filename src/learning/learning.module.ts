import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { LlmModule } from '../llm/llm.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { Transcription } from '../speech/transcription.entity.js';
import { FeedbackService } from './feedback.service.js';
import { PronunciationsService } from './pronunciations.service.js';
import { RecordedSpeech } from './recorded-speech.js';
import { Review } from './review.entity.js';
import { ReviewJobs } from './review.jobs.js';
import { ReviewRuns } from './review.runs.js';
import { ReviewStore } from './review.store.js';
import { ReviewTasks } from './review.task.js';
import { ReviewWriter } from './review.writer.js';
import { ReviewsController } from './reviews.controller.js';
import { ReviewsService } from './reviews.service.js';

/** What helps learners: reviews of what they said, and glosses of what was said to them. */
@Module({
  imports: [TypeOrmModule.forFeature([Review, Transcription]), ConversationsModule, LlmModule, UsageModule],
  controllers: [ReviewsController],
  providers: [
    ReviewsService,
    FeedbackService,
    PronunciationsService,
    RecordedSpeech,
    ReviewStore,
    ReviewRuns,
    ReviewTasks,
    ReviewWriter,
    ReviewJobs,
  ],
  exports: [FeedbackService, ReviewsService, PronunciationsService],
})
export class LearningModule {}
