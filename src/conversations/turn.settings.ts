import { Injectable } from '@nestjs/common';
import { ChatbotsService } from '../chatbots/chatbots.service.js';
import { AppError } from '../common/errors.js';
import type { LanguageModel } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { TopicsService } from '../topics/topics.service.js';
import type { Conversation } from './conversation.entity.js';
import type { PromptSetting } from './turn.prompt.js';

/** Who answers in a conversation, and on what. */
@Injectable()
export class TurnSettings {
  constructor(
    private readonly chatbots: ChatbotsService,
    private readonly topics: TopicsService,
    private readonly models: LanguageModels,
  ) {}

  /** @throws AppError chatbot_deleted, provider_not_configured */
  async of(conversation: Conversation): Promise<PromptSetting> {
    const { ownerId, chatbotId, topicId } = conversation;
    const chatbot = chatbotId === null ? null : await this.chatbots.findForConversation(ownerId, chatbotId);
    if (chatbot?.deletedAt) throw new AppError('chatbot_deleted');
    const topic = topicId === null ? null : await this.topics.findOwned(ownerId, topicId);
    const setting = { conversation, chatbot, topic };
    this.modelOf(setting);
    return setting;
  }

  /** The model that answers. @throws AppError provider_not_configured */
  modelOf({ chatbot }: PromptSetting): LanguageModel {
    return this.models.resolve(chatbot?.provider);
  }
}
