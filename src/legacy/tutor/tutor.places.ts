import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { MessageDto } from '../../conversations/dto/message.dto.js';
import { MessagesService } from '../../conversations/messages.service.js';
import { TurnsService } from '../../conversations/turns.service.js';
import { TopicsService } from '../../topics/topics.service.js';
import { NEW } from './dto/old-id.js';
import { refused } from './tutor.errors.js';
import { orRefuse, TutorTopics } from './tutor.topics.js';

/** Where something is said: a topic and its running conversation. */
export interface Place {
  topicId: number;
  conversationId: number;
}

/** Where something was said already. */
export type KnownPlace = Place & { prompt: MessageDto };

/** Finds what the topic_id and conversation_id of the old service mean. */
@Injectable()
export class TutorPlaces {
  constructor(
    private readonly tutorTopics: TutorTopics,
    private readonly topics: TopicsService,
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly turns: TurnsService,
  ) {}

  /**
   * Does something on a topic; one that was made for it is gone again where nothing has come of it.
   * @throws SurfaceError `Invalid topic`; what the work throws
   */
  async on<T>(user: AuthUser, topicId: number, work: (place: Place) => Promise<T>): Promise<T> {
    if (topicId !== NEW) return work(await this.of(user.id, topicId));
    const made = await this.of(user.id, await this.tutorTopics.create(user));
    try {
      return await work(made);
    } catch (error) {
      if (error instanceof AppError) await this.removeUnused(user.id, made);
      throw error;
    }
  }

  /**
   * The place of a turn, which is known by the user's message.
   * @param topicId where it has to be; -1 leaves that to the turn
   * @throws SurfaceError `Invalid topic`, `Invalid conversation`
   */
  async find(user: AuthUser, promptId: number, topicId: number): Promise<KnownPlace> {
    if (topicId !== NEW) await this.assertTopic(user.id, topicId);
    const invalid = refused(400, 'Invalid conversation');
    const prompt = await orRefuse(() => this.messages.find(user.id, promptId), invalid);
    const { id: conversationId, topicId: found } = await this.conversations.find(
      user.id,
      prompt.conversationId,
    );
    if (prompt.role !== 'user' || found === null || (topicId !== NEW && topicId !== found)) throw invalid;
    return { topicId: found, conversationId, prompt };
  }

  private async of(ownerId: number, topicId: number): Promise<Place> {
    const running = () => this.conversations.runningWith(ownerId, { topicId });
    const { id: conversationId } = await orRefuse(running, refused(400, 'Invalid topic'));
    return { topicId, conversationId };
  }

  private async assertTopic(ownerId: number, topicId: number): Promise<void> {
    await orRefuse(() => this.topics.find(ownerId, topicId), refused(400, 'Invalid topic'));
  }

  private async removeUnused(ownerId: number, { topicId, conversationId }: Place): Promise<void> {
    const { items } = await this.messages.list(ownerId, conversationId, { limit: 1 });
    if (items.length > 0) return;
    await this.turns.deleteConversation(ownerId, conversationId);
    await this.topics.delete(ownerId, topicId);
  }
}
