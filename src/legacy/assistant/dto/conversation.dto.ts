import type { ConversationDto } from '../../../conversations/dto/conversation.dto.js';
import type { MessageDto } from '../../../conversations/dto/message.dto.js';
import type { MessageFileDto } from '../../../files/dto/file.dto.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';

/** A conversation that only has begun has a name, too. */
const UNNAMED = '新对话';

/** What the queries of this surface say. */
export class AssistantQueryDto extends LegacyInput {
  /**
   * Who asks; the user who has logged in.
   * @example 'xiaoming'
   */
  @LegacyText(200)
  username?: string;

  /**
   * `object` puts a list into `{"data": …}`; without it, it comes by itself.
   * @example 'object'
   */
  @LegacyText(100)
  format?: string;
}

/** A conversation in the list. */
export class AssistantConversationDto {
  /** @example '7' */
  id!: string;

  /**
   * Never empty.
   * @example '请总结这份文件'
   */
  name!: string;

  /** @example '2026-11-21T08:30:00.000Z' */
  created_at!: Date;

  /**
   * When somebody last said something in it.
   * @example '2026-11-21T08:30:00.000Z'
   */
  updated_at!: Date;

  static from({ id, title, createdAt, lastMessageAt }: ConversationDto): AssistantConversationDto {
    const name = title.trim() === '' ? UNNAMED : title;
    return { id: String(id), name, created_at: createdAt, updated_at: lastMessageAt };
  }
}

export class AssistantConversationsDto {
  /** All of the user's, but for those that are put away; the one last talked in first. */
  conversations!: AssistantConversationDto[];
}

/** A file that goes with what was said. */
export class AssistantFileDto {
  /** @example '17' */
  id!: string;

  /** `image` for pictures, `document` otherwise. */
  type!: 'image' | 'document';

  /**
   * Opens the file for its owner: with the session's cookie, or a Bearer token.
   * @example '/api/v1/files/17/content'
   */
  url!: string;

  belongs_to!: 'user' | 'assistant';

  static from({ id, kind }: MessageFileDto, belongs_to: 'user' | 'assistant'): AssistantFileDto {
    const type = kind === 'picture' ? 'image' : 'document';
    return { id: String(id), type, url: `/api/v1/files/${id}/content`, belongs_to };
  }
}

/** What a user said, and the answer to it. */
export class AssistantTurnDto {
  /**
   * Empty before an answer that answers nothing.
   * @example '请总结这份文件'
   */
  query!: string;

  /**
   * What there is of it: empty while there is none, and where it failed at once.
   * @example '这份文件介绍了乌龙茶。'
   */
  answer!: string;

  message_files!: AssistantFileDto[];

  /** @example '2026-11-21T08:30:00.000Z' */
  created_at!: Date;

  static from(question: MessageDto | undefined, answer?: MessageDto): AssistantTurnDto {
    return {
      query: question?.content ?? '',
      answer: answer?.content ?? '',
      message_files: [
        ...(question?.files ?? []).map((file) => AssistantFileDto.from(file, 'user')),
        ...(answer?.files ?? []).map((file) => AssistantFileDto.from(file, 'assistant')),
      ],
      created_at: (question ?? answer)!.createdAt,
    };
  }
}

export class AssistantHistoryDto {
  data!: AssistantTurnDto[];
}

export class AssistantDeletionDto {
  /** @example '对话已删除' */
  message!: string;

  /** @example '7' */
  conversation_id!: string;
}
