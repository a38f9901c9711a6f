import { ApiProperty } from '@nestjs/swagger';
import { LegacyText } from '../../legacy-input.js';
import { CompanionAnswerDto, CompanionBotDto } from './bot.dto.js';

export class CompanionHistoryQueryDto extends CompanionBotDto {
  /**
   * `object` gives objects in the place of rows, as `Accept: application/vnd.companion.v1+json` does.
   * @example 'object'
   */
  @LegacyText(100)
  format?: string;
}

export class CompanionInputDto extends CompanionBotDto {
  /**
   * What the user says, in up to 100,000 characters.
   * @example 'hello'
   */
  @LegacyText(100_000)
  input?: string;
}

/** A message, in the document's form. */
export interface CompanionMessage {
  content: string;
  /** Whether the user has said it. */
  by_user: boolean;
  /** In the server's configured zone, `2024-05-22T00:41:04`. */
  timestamp: string;
}

/** `[content, by_user 1 or 0, timestamp]` */
export type CompanionRow = [content: string, byUser: 0 | 1, timestamp: string];

/** `[chatbot_id, chatbot_name, timestamp, content]` */
export type CompanionTalk = [chatbotId: number, chatbotName: string, timestamp: string, content: string];

const ROW = { type: 'array' as const, items: { oneOf: [{ type: 'string' }, { type: 'integer' }] } };

const OBJECT = {
  type: 'object' as const,
  required: ['content', 'by_user', 'timestamp'],
  properties: {
    content: { type: 'string', example: 'hello' },
    by_user: { type: 'boolean' },
    timestamp: { type: 'string', example: '2024-05-22T00:41:04' },
  },
};

export class CompanionHistoryDto extends CompanionAnswerDto {
  /** Oldest first: rows `[content, by_user 1 or 0, timestamp]`, or objects. */
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ ...ROW, minItems: 3, maxItems: 3 }, OBJECT] },
    example: [['hello', 1, '2024-05-22T00:41:04']],
  })
  data!: (CompanionRow | CompanionMessage)[];
}

export class CompanionReplyDto extends CompanionAnswerDto {
  /**
   * What the bot answers.
   * @example 'Hello! How are you today?'
   */
  data!: string;
}

export class CompanionTalksDto extends CompanionAnswerDto {
  /** Rows `[chatbot_id, chatbot_name, timestamp, content]`: what was said last with each bot, newest first. */
  @ApiProperty({
    type: 'array',
    items: { ...ROW, minItems: 4, maxItems: 4 },
    example: [[62717, 'Bot-1', '2026-11-20T17:57:18', 'last content']],
  })
  data!: CompanionTalk[];
}
