import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Chatbot } from './chatbot.entity.js';
import { ChatbotsController } from './chatbots.controller.js';
import { ChatbotsService } from './chatbots.service.js';

/** Bots, plain and playing a persona. */
@Module({
  imports: [TypeOrmModule.forFeature([Chatbot])],
  controllers: [ChatbotsController],
  providers: [ChatbotsService],
  exports: [ChatbotsService],
})
export class ChatbotsModule {}
