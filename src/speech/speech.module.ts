import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { FilesModule } from '../files/files.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { PiecePlaces } from './piece-places.js';
import { PieceTranscriber } from './piece-transcriber.js';
import { PieceWork } from './piece-work.js';
import { Recordings } from './recordings.js';
import { SpeechSetup } from './speech-setup.js';
import { TranscriptionPiece } from './transcription-piece.entity.js';
import { TranscriptionAcceptance } from './transcription.acceptance.js';
import { TranscriptionDelivery } from './transcription.delivery.js';
import { TranscriptionEnding } from './transcription.ending.js';
import { Transcription } from './transcription.entity.js';
import { TranscriptionEvents } from './transcription.events.js';
import { TranscriptionJobs } from './transcription.jobs.js';
import { TranscriptionLease } from './transcription.lease.js';
import { TranscriptionRunner } from './transcription.runner.js';
import { TranscriptionStore } from './transcription.store.js';
import { TranscriptionSweeper } from './transcription.sweeper.js';
import { TranscriptionsAdminController } from './transcriptions-admin.controller.js';
import { TranscriptionsAdminService } from './transcriptions-admin.service.js';
import { TranscriptionsController } from './transcriptions.controller.js';
import { TranscriptionsService } from './transcriptions.service.js';

/** Recordings and what was said in them. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Transcription, TranscriptionPiece]),
    ...[FilesModule, ConversationsModule, TopicsModule, UsageModule],
  ],
  controllers: [TranscriptionsController, TranscriptionsAdminController],
  providers: [
    ...[TranscriptionsService, TranscriptionsAdminService, TranscriptionDelivery, SpeechSetup],
    ...[
      TranscriptionAcceptance,
      TranscriptionEnding,
      TranscriptionEvents,
      TranscriptionJobs,
      TranscriptionLease,
      TranscriptionRunner,
      TranscriptionStore,
      TranscriptionSweeper,
      Recordings,
      PiecePlaces,
      PieceTranscriber,
      PieceWork,
    ],
  ],
  exports: [TranscriptionsService, TranscriptionEvents, SpeechSetup],
})
export class SpeechModule implements OnModuleInit {
  constructor(
    private readonly runner: TranscriptionRunner,
    private readonly jobs: TranscriptionJobs,
  ) {}

  onModuleInit(): void {
    this.runner.take(this.jobs);
  }
}
