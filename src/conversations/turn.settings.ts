import { Injectable } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import { Chatbot } from '../chatbots/chatbot.entity.js';
import { ChatbotsService } from '../chatbots/chatbots.service.js';
import { AppError } from '../common/errors.js';
import { columnsOf, rowOf } from '../database/statements.js';
import type { LanguageModel } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { Topic } from '../topics/topic.entity.js';
import { TopicsService } from '../topics/topics.service.js';
import type { BranchPoint } from './branches.js';
import { Conversation } from './conversation.entity.js';
import type { Partners } from './conversation.partners.js';
import { newConversation, UNSTORED } from './new-conversation.js';
import type { PromptSetting } from './turn.prompt.js';

/** What a turn begins from that follows the conversation's last answer. */
export interface TurnOutset {
  setting: PromptSetting;
  /** The answer that the conversation goes on from; null while it is empty. */
  end: BranchPoint | null;
}

/** Who answers in a conversation, and on what. */
@Injectable()
export class TurnSettings {
  constructor(
    private readonly chatbots: ChatbotsService,
    private readonly topics: TopicsService,
    private readonly models: LanguageModels,
    @InjectEntityManager() private readonly manager: EntityManager,
  ) {}

  /** @throws AppError chatbot_deleted, provider_not_configured */
  async of(conversation: Conversation): Promise<PromptSetting> {
    const { ownerId, chatbotId, topicId } = conversation;
    const chatbot = chatbotId === null ? null : await this.chatbots.findForConversation(ownerId, chatbotId);
    const topic = topicId === null ? null : await this.topics.findOwned(ownerId, topicId);
    return this.checked({ conversation, chatbot, topic });
  }

  /** What a turn begins from, read in one statement. Not checked yet. @throws AppError not_found */
  async outset(ownerId: number, conversationId: number): Promise<TurnOutset> {
    const columns = (entity: new () => object, alias: string) => columnsOf(this.manager, entity, alias);
    const [row] = await this.manager.query<ObjectLiteral[]>(
      `SELECT ${columns(Conversation, 'c')}, ${columns(Chatbot, 'b')}, ${columns(Topic, 't')}, e.id AS end_id ` +
        'FROM conversations c ' +
        'LEFT JOIN chatbots b ON b.id = c.chatbot_id AND b.owner_id = c.owner_id ' +
        'LEFT JOIN topics t ON t.id = c.topic_id AND t.owner_id = c.owner_id ' +
        'LEFT JOIN messages e ON e.conversation_id = c.id AND e.seq = c.active_seq AND e.owner_id = c.owner_id ' +
        'WHERE c.id = ? AND c.owner_id = ?',
      [conversationId, ownerId],
    );
    const conversation = row && rowOf(this.manager, Conversation, 'c', row);
    if (!conversation) throw new AppError('not_found');
    const chatbot = rowOf(this.manager, Chatbot, 'b', row);
    const topic = rowOf(this.manager, Topic, 't', row);
    const endId = row['end_id'] as number | null;
    const end = endId === null ? null : { id: endId, seq: conversation.activeSeq };
    return { setting: { conversation, chatbot, topic }, end };
  }

  /** What the first turn of a conversation begins from that is stored with it. Not checked yet. @throws AppError not_found */
  async first(ownerId: number, { chatbotId = null, topicId = null }: Partners): Promise<TurnOutset> {
    const conversation = newConversation(ownerId, { id: UNSTORED, chatbotId, topicId });
    const chatbot = chatbotId ? await this.chatbots.findOwned(ownerId, chatbotId) : null;
    const topic = topicId ? await this.topics.findOwned(ownerId, topicId) : null;
    return { setting: { conversation, chatbot, topic }, end: null };
  }

  /** @throws AppError chatbot_deleted, provider_not_configured */
  checked(setting: PromptSetting): PromptSetting {
    if (setting.chatbot?.deletedAt) throw new AppError('chatbot_deleted');
    this.modelOf(setting);
    return setting;
  }

  /** The model that answers. @throws AppError provider_not_configured */
  modelOf({ chatbot }: PromptSetting): LanguageModel {
    return this.models.resolve(chatbot?.provider);
  }
}
