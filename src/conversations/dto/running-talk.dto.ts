import { ConversationDto } from './conversation.dto.js';
import { MessageDto } from './message.dto.js';

/** The running conversation with a chatbot, and what was said in it last. */
export class RunningTalkDto {
  /** @example 3 */
  chatbotId!: number;

  /**
   * What the chatbot is called.
   * @example 'Jazz club owner'
   */
  chatbotName!: string;

  conversation!: ConversationDto;

  /** The last message that somebody has said: no answer that has failed, or is not there yet. */
  lastMessage!: MessageDto;
}

/** A page of them, the one last talked in first. */
export class RunningTalkPageDto {
  items!: RunningTalkDto[];

  /**
   * Give it back as `cursor` for the next page. Null on the last one.
   * @example null
   */
  nextCursor!: string | null;
}
