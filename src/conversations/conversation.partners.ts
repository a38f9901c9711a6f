import { Injectable } from '@nestjs/common';
import { ChatbotsService } from '../chatbots/chatbots.service.js';
import { TopicsService } from '../topics/topics.service.js';

/** Whom a conversation is with, and on what. */
export interface Partners {
  chatbotId?: number | null | undefined;
  topicId?: number | null | undefined;
}

/** Looks whether somebody can talk with a chatbot, or on a topic. */
@Injectable()
export class ConversationPartners {
  constructor(
    private readonly chatbots: ChatbotsService,
    private readonly topics: TopicsService,
  ) {}

  /** @throws AppError not_found where one of them is not the user's, or is deleted */
  async assertOwned(ownerId: number, { chatbotId, topicId }: Partners): Promise<void> {
    if (chatbotId !== undefined && chatbotId !== null) await this.chatbots.findOwned(ownerId, chatbotId);
    if (topicId !== undefined && topicId !== null) await this.topics.findOwned(ownerId, topicId);
  }
}
