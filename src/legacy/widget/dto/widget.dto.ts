import { Transform } from 'class-transformer';
import { IsArray, IsString } from 'class-validator';
import { OptionalOrNull, MaxLength } from '../../../common/validation.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';

/** One message of what was said before. */
export class WidgetHistoryItemDto {
  /** Messages of other roles are passed over. */
  role!: 'user' | 'assistant';

  /** @example 'What is SEO?' */
  content!: string;
}

/** A question of a visitor. */
export class WidgetQuestionDto extends LegacyInput {
  /**
   * What the visitor says; at most 4,000 characters.
   * @example 'What does SEO mean?'
   */
  @LegacyText(4_000)
  last_prompt?: string;

  /**
   * What was said before, oldest first; the last 20 messages and 16,000 characters of it are looked at. It may end with
   * `last_prompt`. What is no message is passed over.
   */
  @Transform(({ value }) => messagesOf(value))
  @IsArray()
  conversation_history: WidgetHistoryItemDto[] = [];

  /**
   * Given back as it is, at most 100 characters; without it one is made.
   * @example '3f9c7a52-1111-4222-8333-444455556666'
   */
  @Transform(({ value }: { value: unknown }) => sessionOf(value))
  @OptionalOrNull()
  @IsString()
  @MaxLength(100)
  session_id?: string;
}

/** A whole answer. */
export class WidgetAnswerDto {
  success!: true;
  /** @example 'Response Generated' */
  message!: 'Response Generated';
  /**
   * The answer.
   * @example 'SEO stands for …'
   */
  result!: string;
  /**
   * The same text.
   * @example 'SEO stands for …'
   */
  response!: string;
  /**
   * The request's, or the one that was made for it.
   * @example '3f9c7a52-1111-4222-8333-444455556666'
   */
  session_id!: string;
}

/** A piece of an answer that is streamed. */
export class WidgetPieceDto {
  success!: true;
  /**
   * To be appended to the pieces before it.
   * @example 'SEO stands'
   */
  content!: string;
  finished!: false;
  /**
   * The request's, or the one that was made for it.
   * @example '3f9c7a52-1111-4222-8333-444455556666'
   */
  session_id!: string;
}

/** The end of a stream. */
export class WidgetEndDto {
  /** False where the answer broke off. */
  success!: boolean;
  finished!: true;
  /** @example 'Stream completed' */
  message!: string;
}

/** An error. */
export class WidgetErrorDto {
  success!: false;
  /** @example 'last_prompt is required' */
  message!: string;
  /** Of POST chat-bot only: empty. */
  result?: '';
}

/** A question that the widget offers ready-made. */
export class WidgetButtonDto {
  /**
   * What stands on it.
   * @example 'Prices'
   */
  buttonText!: string;
  /**
   * What is sent when it is pressed.
   * @example 'What does it cost?'
   */
  buttonPrompt!: string;
}

/** How the widget looks. */
export class WidgetConfigDto {
  /** 1: questions are answered; 0: no language model can be reached just now, or the widget is switched off. */
  botStatus!: 0 | 1;
  /**
   * What the bot says first.
   * @example 'Hello! How can I help you?'
   */
  StartUpMessage!: string;
  /**
   * In pixels.
   * @example '16'
   */
  fontSize!: string;
  /**
   * Of the visitor.
   * @example 'https://chat.example.com/widget/user.svg'
   */
  userAvatarURL!: string;
  /**
   * Of the bot.
   * @example 'https://chat.example.com/widget/bot.svg'
   */
  botImageURL!: string;
  commonButtons!: WidgetButtonDto[];
}

/** Whether this process can do its work. */
export class WidgetHealthDto {
  /** @example 'Parley' */
  service!: string;
  status!: 'healthy' | 'unhealthy';
  /** @example '0.1.0' */
  version!: string;
  /**
   * What is down, of a process that is not healthy: `database`, `redis`, `process` (it ends).
   * @example ['database']
   */
  down?: string[];
}

/** What of a history can be read; a form has it as JSON. */
function messagesOf(value: unknown): WidgetHistoryItemDto[] {
  const given = typeof value === 'string' ? parsed(value) : value;
  return Array.isArray(given) ? given.flatMap((item: unknown) => messageOf(item) ?? []) : [];
}

function messageOf(item: unknown): WidgetHistoryItemDto | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { role, content } = item as Record<string, unknown>;
  if (role !== 'user' && role !== 'assistant') return undefined;
  if (typeof content !== 'string' || content.trim() === '') return undefined;
  return { role, content: content.toWellFormed().replaceAll('\0', '') };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function sessionOf(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
