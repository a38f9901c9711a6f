import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MessageFile } from '../conversations/message-file.entity.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { FilesModule } from '../files/files.module.js';
import { HeardMessagesService } from './heard-messages.service.js';
import { RerecordingsService } from './rerecordings.service.js';
import { SoundIntake } from './sound-intake.js';
import { SpeechClip } from './speech-clip.entity.js';
import { SpeechModule } from './speech.module.js';
import { Transcription } from './transcription.entity.js';
import { VoiceMessagesController } from './voice-messages.controller.js';
import { VoiceTurnAcceptance } from './voice-turn.acceptance.js';
import { VoiceTurnAsking } from './voice-turn.asking.js';
import { VoiceTurnCourse } from './voice-turn.course.js';
import { VoiceTurnDelivery } from './voice-turn.delivery.js';
import { VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnEvents } from './voice-turn.events.js';
import { VoiceTurnHandover } from './voice-turn.handover.js';
import { VoiceTurnLease } from './voice-turn.lease.js';
import { VoiceTurnReader } from './voice-turn.reader.js';
import { VoiceTurnRunner } from './voice-turn.runner.js';
import { VoiceTurnSentences } from './voice-turn.sentences.js';
import { VoiceTurnSpeaker } from './voice-turn.speaker.js';
import { VoiceTurnStops } from './voice-turn.stops.js';
import { VoiceTurnStore } from './voice-turn.store.js';
import { VoiceTurnSweeper } from './voice-turn.sweeper.js';
import { VoiceTurnViews } from './voice-turn.views.js';
import { VoiceTurnsService } from './voice-turns.service.js';
import { VoicesModule } from './voices.module.js';

/** Turns that begin with a recording and end with a voice. */
@Module({
  imports: [
    TypeOrmModule.forFeature([VoiceTurn, Transcription, SpeechClip, MessageFile]),
    ...[FilesModule, ConversationsModule, SpeechModule, VoicesModule],
  ],
  controllers: [VoiceMessagesController],
  providers: [
    ...[VoiceTurnsService, HeardMessagesService, RerecordingsService, SoundIntake],
    ...[
      VoiceTurnAcceptance,
      VoiceTurnAsking,
      VoiceTurnCourse,
      VoiceTurnDelivery,
      VoiceTurnEvents,
      VoiceTurnHandover,
      VoiceTurnLease,
      VoiceTurnReader,
      VoiceTurnRunner,
      VoiceTurnSentences,
      VoiceTurnSpeaker,
      VoiceTurnStops,
      VoiceTurnStore,
      VoiceTurnSweeper,
      VoiceTurnViews,
    ],
  ],
  exports: [HeardMessagesService, RerecordingsService],
})
export class VoiceTurnsModule {}
