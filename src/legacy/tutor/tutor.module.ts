import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module.js';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { LearningModule } from '../../learning/learning.module.js';
import { VoiceTurnsModule } from '../../speech/voice-turns.module.js';
import { VoicesModule } from '../../speech/voices.module.js';
import { TopicsModule } from '../../topics/topics.module.js';
import { TutorAccounts } from './tutor.accounts.js';
import { TutorDetails } from './tutor.details.js';
import { TutorFeedback } from './tutor.feedback.js';
import { TutorPlaces } from './tutor.places.js';
import { TutorTopicsController } from './tutor.topics.controller.js';
import { TutorTopics } from './tutor.topics.js';
import { TutorTurnsController } from './tutor.turns.controller.js';
import { TutorTurns } from './tutor.turns.js';
import { TutorUsersController } from './tutor.users.controller.js';
import { TutorVoicesController } from './tutor.voices.controller.js';
import { TutorVoices } from './tutor.voices.js';

/** The surface `tutor`: topics on which somebody practises spoken English. */
@Module({
  imports: [
    ...[AuthModule, TopicsModule, ConversationsModule],
    ...[VoiceTurnsModule, VoicesModule, LearningModule],
  ],
  controllers: [TutorUsersController, TutorTopicsController, TutorTurnsController, TutorVoicesController],
  providers: [
    ...[TutorAccounts, TutorTopics, TutorDetails],
    ...[TutorPlaces, TutorTurns, TutorVoices, TutorFeedback],
  ],
})
export class TutorModule {}
