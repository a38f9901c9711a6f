import { IsIn, IsNumber, IsString, Matches, Max, Min } from 'class-validator';
import { MaxLength, NotBlank, Optional, OptionalOrNull } from '../../common/validation.js';
import { LLM_PROVIDERS, type LlmProvider } from '../../config/env.js';
import { CHATBOT_KINDS, type ChatbotKind } from '../chatbot.entity.js';

/** What making and changing a bot have in common. */
class ChatbotSettingsDto {
  /**
   * `persona` bots play somebody and stay in the role; they need `persona`. `plain` where absent at making.
   * @example 'persona'
   */
  @Optional()
  @IsIn(CHATBOT_KINDS)
  kind?: ChatbotKind;

  /**
   * Whom a bot of the kind `persona` plays, a name or a description; up to 20,000 characters.
   * @example 'Ella, who runs a jazz club in Chicago and loves to tell stories'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(20_000)
  persona?: string | null;

  /**
   * Further instructions to the model; up to 20,000 characters.
   * @example 'Keep answers under three sentences.'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(20_000)
  instructions?: string | null;

  /**
   * The model, by its provider's name for it, up to 100 characters; null for the server's default.
   * @example 'gpt-4o-mini'
   */
  @OptionalOrNull()
  @IsString()
  @NotBlank()
  @MaxLength(100)
  model?: string | null;

  /**
   * The language model provider; null for the server's default.
   * @example 'openai'
   */
  @OptionalOrNull()
  @IsIn(LLM_PROVIDERS)
  provider?: LlmProvider | null;

  /**
   * How freely the model chooses its words, 0 to 2; null for the server's default.
   * @example 0.7
   */
  @OptionalOrNull()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number | null;

  /**
   * What the bot says before the first message; up to 2,000 characters.
   * @example 'Welcome in! What can I play for you?'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(2_000)
  greeting?: string | null;

  /**
   * Tag of the language to always answer in (BCP 47, up to 20 characters); null for the language of the message.
   * @example 'en'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(20)
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, { context: { rule: 'isLanguageTag' } })
  replyLanguage?: string | null;
}

/** A new bot. */
export class CreateChatbotDto extends ChatbotSettingsDto {
  /**
   * Up to 100 characters, not blank.
   * @example 'Jazz club owner'
   */
  @IsString()
  @NotBlank()
  @MaxLength(100)
  name!: string;
}

/** Changes of a bot: what is absent stays, null goes back to the default. */
export class UpdateChatbotDto extends ChatbotSettingsDto {
  /**
   * Up to 100 characters, not blank.
   * @example 'Jazz club owner'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(100)
  name?: string;
}
