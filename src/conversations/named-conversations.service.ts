import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { ConversationsService } from './conversations.service.js';
import type { ConversationDto } from './dto/conversation.dto.js';
import { TurnsService } from './turns.service.js';

/** A conversation by the client's own id for it, and whether this call has made it. */
export interface OpenedConversation {
  conversation: ConversationDto;
  isNew: boolean;
}

/** Conversations that clients know by ids of their own alone. */
@Injectable()
export class NamedConversations {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly turns: TurnsService,
  ) {}

  /**
   * The user's conversation of this external id; where there is none, it is made, with this title. Of several who ask at
   * once one makes it, and all get the same.
   * @param externalId up to 100 characters, without white space around it
   */
  async open(ownerId: number, externalId: string, title: string): Promise<OpenedConversation> {
    for (;;) {
      const known = await this.conversations.findByExternalId(ownerId, externalId);
      if (known) return { conversation: known, isNew: false };
      const conversation = await this.make(ownerId, externalId, title);
      if (conversation) return { conversation, isNew: true };
    }
  }

  /** Deletes it with its messages and files; nothing happens where there is none. */
  async delete(ownerId: number, externalId: string): Promise<void> {
    const known = await this.conversations.findByExternalId(ownerId, externalId);
    if (!known) return;
    try {
      await this.turns.deleteConversation(ownerId, known.id);
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error;
    }
  }

  /** Null where another request has made it meanwhile. */
  private async make(ownerId: number, externalId: string, title: string): Promise<ConversationDto | null> {
    try {
      return await this.conversations.create(ownerId, { externalId, title });
    } catch (error) {
      if (error instanceof AppError && error.code === 'external_id_taken') return null;
      throw error;
    }
  }
}
