import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { MaxLength, NotBlank, Optional, OptionalOrNull } from '../../common/validation.js';
import type { Conversation } from '../conversation.entity.js';
import { ConversationMatchDto } from './conversation-match.dto.js';

/** A conversation. */
export class ConversationDto {
  /** @example 7 */
  id!: number;

  /**
   * Empty until the first message, which gives it its first 40 characters, or until the user gives one.
   * @example 'Ordering dinner for two'
   */
  title!: string;

  /** @example 3 */
  chatbotId!: number | null;

  /** @example 5 */
  topicId!: number | null;

  /**
   * The client's own id.
   * @example 'chat-2026-0001'
   */
  externalId!: string | null;

  /**
   * `seq` of the message that the conversation goes on from: the end of its active branch; 0 while it is empty.
   * @example 2
   */
  activeSeq!: number;

  /**
   * When somebody last said something; the time of its making while it is empty.
   * @example '2026-11-21T08:30:00.000Z'
   */
  lastMessageAt!: Date;

  /**
   * Put away: not in the list, unless it is asked for. Whoever says something in it takes it out again.
   * @example false
   */
  archived!: boolean;

  /**
   * Before all others in the list.
   * @example false
   */
  pinned!: boolean;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  /** @example '2026-11-21T08:30:00.000Z' */
  updatedAt!: Date;

  /** Where `q` was found; null where nothing was searched for. */
  match!: ConversationMatchDto | null;

  static from(conversation: Conversation, match: ConversationMatchDto | null = null): ConversationDto {
    const { id, title, chatbotId, topicId, externalId, activeSeq } = conversation;
    const { lastMessageAt, archived, pinned, createdAt, updatedAt } = conversation;
    return {
      ...{ id, title, chatbotId, topicId, externalId, activeSeq },
      ...{ lastMessageAt, archived, pinned, createdAt, updatedAt },
      match,
    };
  }
}

/** A page of conversations: pinned ones before the others, of each the one last talked in first. */
export class ConversationPageDto {
  items!: ConversationDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one. With `q` a page may be short, or empty,
   * and have a next one: what one request looks at is bounded.
   * @example null
   */
  nextCursor!: string | null;
}

export class CreateConversationDto {
  /**
   * At most 200 characters; without it the first message gives one.
   * @example 'Ordering dinner for two'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  title?: string;

  /**
   * One of the caller's chatbots.
   * @example 3
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  chatbotId?: number | null;

  /**
   * One of the caller's topics.
   * @example 5
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  topicId?: number | null;

  /**
   * The client's own id, unique among the caller's conversations; no white space around it.
   * @example 'chat-2026-0001'
   */
  @OptionalOrNull()
  @IsString()
  @MinLength(1)
  @Matches(/^(\S(.*\S)?)?$/su, { context: { rule: 'isUnspaced' } })
  @MaxLength(100)
  externalId?: string | null;
}

export class ChangeConversationDto {
  /** @example 'Dinner at eight' */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  title?: string;

  /**
   * The chatbot that answers from now on; null for none.
   * @example 3
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  chatbotId?: number | null;

  /**
   * The topic from now on; null for none.
   * @example 5
   */
  @OptionalOrNull()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  topicId?: number | null;

  /**
   * `seq` of a message whose branch becomes the active one; the conversation goes on from the newest message behind it.
   * @example 2
   */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  activeSeq?: number;

  /**
   * Puts it away, or takes it out again.
   * @example false
   */
  @Optional()
  @IsBoolean()
  archived?: boolean;

  /**
   * Puts it before all others in the list; at most 50 are.
   * @example true
   */
  @Optional()
  @IsBoolean()
  pinned?: boolean;
}

export class ConversationQueryDto extends PageQueryDto {
  /**
   * Only those whose title, or one of whose messages, has all of these words, whatever their order, case, accents and
   * width; the last one may be a beginning. Chinese, and what else is written without spaces, is found as it stands; so
   * is what stands in quotation marks. What was said is found about a second after its end. At most 200 characters.
   * @example 'dinner'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  q?: string;

  /**
   * Only those with this chatbot.
   * @example 3
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  chatbotId?: number;

  /**
   * Only those on this topic.
   * @example 5
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  topicId?: number;

  /**
   * Only those that are put away (`true`), only the others (`false`), or `all`.
   * @example 'all'
   */
  @ApiPropertyOptional()
  @Optional()
  @IsIn(['false', 'true', 'all'])
  archived: 'false' | 'true' | 'all' = 'false';
}
