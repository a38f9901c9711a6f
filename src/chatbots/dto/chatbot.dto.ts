import type { LlmProvider } from '../../config/env.js';
import type { Chatbot, ChatbotKind } from '../chatbot.entity.js';

/** A bot, as its owner sees it. */
export class ChatbotDto {
  /**
   * A whole number, 1 to 2^53-1.
   * @example 7
   */
  id!: number;

  /**
   * What its owner calls it; up to 100 characters.
   * @example 'Jazz club owner'
   */
  name!: string;

  /**
   * `persona` bots play somebody and stay in the role.
   * @example 'persona'
   */
  kind!: ChatbotKind;

  /**
   * Whom it plays; up to 20,000 characters. Counts only for the kind `persona`.
   * @example 'Ella, who runs a jazz club in Chicago and loves to tell stories'
   */
  persona!: string | null;

  /**
   * Further instructions to the model; up to 20,000 characters.
   * @example 'Keep answers under three sentences.'
   */
  instructions!: string | null;

  /**
   * The model, by its provider's name for it; null for the server's default.
   * @example 'gpt-4o-mini'
   */
  model!: string | null;

  /**
   * The language model provider; null for the server's default.
   * @example 'openai'
   */
  provider!: LlmProvider | null;

  /**
   * How freely the model chooses its words, 0 to 2; null for the server's default.
   * @example 0.7
   */
  temperature!: number | null;

  /**
   * What the bot says before the first message; up to 2,000 characters.
   * @example 'Welcome in! What can I play for you?'
   */
  greeting!: string | null;

  /**
   * Tag of the language that it always answers in; null for the language of the message.
   * @example 'en'
   */
  replyLanguage!: string | null;

  /**
   * When it was made, UTC.
   * @example '2026-03-01T09:30:00.000Z'
   */
  createdAt!: Date;

  /**
   * When it was last changed, UTC.
   * @example '2026-03-02T10:00:00.000Z'
   */
  updatedAt!: Date;

  static from(chatbot: Chatbot): ChatbotDto {
    const { id, name, kind, persona, instructions, model, provider, temperature } = chatbot;
    const { greeting, replyLanguage, createdAt, updatedAt } = chatbot;
    return {
      id,
      name,
      kind,
      persona,
      instructions,
      model,
      provider,
      temperature,
      greeting,
      replyLanguage,
      createdAt,
      updatedAt,
    };
  }
}

/** One page of the own bots, newest first. */
export class ChatbotPageDto {
  /** The bots, in the list's order. */
  items!: ChatbotDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'Wzdd'
   */
  nextCursor!: string | null;
}
