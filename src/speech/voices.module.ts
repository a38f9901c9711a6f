import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { MessageFile } from '../conversations/message-file.entity.js';
import { ENV } from '../config/env.js';
import { FilesModule } from '../files/files.module.js';
import { ClipLimits } from './clip-limits.js';
import { ClipMaker } from './clip-maker.js';
import { ClipsService } from './clips.service.js';
import { KeptSoundsService } from './kept-sounds.service.js';
import { SpeechClip } from './speech-clip.entity.js';
import { SpokenMessagesController } from './spoken-messages.controller.js';
import { SpokenMessagesService } from './spoken-messages.service.js';
import { makeSynthesizer } from './synthesizer.factory.js';
import { SpeechSynthesizer } from './synthesizer.js';
import { VoicesController } from './voices.controller.js';
import { VoicesService } from './voices.service.js';

/** Voices, and what they have spoken of messages. */
@Module({
  imports: [TypeOrmModule.forFeature([SpeechClip, MessageFile]), ConversationsModule, FilesModule],
  controllers: [SpokenMessagesController, VoicesController],
  providers: [
    { provide: SpeechSynthesizer, inject: [ENV], useFactory: makeSynthesizer },
    ...[VoicesService, ClipMaker, ClipLimits, ClipsService, SpokenMessagesService, KeptSoundsService],
  ],
  exports: [ClipsService, VoicesService, SpokenMessagesService, KeptSoundsService],
})
export class VoicesModule {}
