import type { FoundConversation } from '../conversation.search.js';

/** A part of a snippet. */
export class SnippetRangeDto {
  /**
   * Where it begins, in UTF-16 units (as JavaScript counts).
   * @example 18
   */
  start!: number;

  /**
   * Behind its last unit.
   * @example 24
   */
  end!: number;
}

/** Where in a conversation it was found what `q` asks for: in its title, or else in the newest message that has it. */
export class ConversationMatchDto {
  /**
   * The message; null where it is the title.
   * @example 42
   */
  messageId!: number | null;

  /**
   * The message's place in the conversation; null where it is the title.
   * @example 2
   */
  seq!: number | null;

  /** Who said it; null where it is the title. */
  role!: 'user' | 'assistant' | null;

  /**
   * About 160 characters around the first place, as they were written, with blanks for white space. Text, not HTML.
   * @example '…a table for two, dinner at eight…'
   */
  snippet!: string;

  /** What was found in the snippet, in order and without overlaps. */
  ranges!: SnippetRangeDto[];

  static from({ message, excerpt }: FoundConversation): ConversationMatchDto {
    return {
      ...{ messageId: message?.id ?? null, seq: message?.seq ?? null, role: message?.role ?? null },
      ...{ snippet: excerpt.text, ranges: excerpt.ranges },
    };
  }
}
