import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LegacyId, LegacyInput, LegacyText } from '../../legacy-input.js';
import { RequiredText, Trimmed } from './required-text.js';

const MAX_CONTENT = 100_000;

/** A new chat, or a message of one. */
export class AddChatDto extends LegacyInput {
  /** @example 'jiuhua1' */
  @RequiredText(50)
  username: string = '';

  /**
   * The client's own name for the chat, up to 20 characters, unique among the user's.
   * @example '1'
   */
  @Trimmed()
  @RequiredText(20)
  chat_id: string = '';

  /**
   * Up to 100 characters. It is what a new chat is called; afterwards it changes nothing.
   * @example '请根据以下历史聊天字'
   */
  @RequiredText(100)
  chat_title: string = '';

  /**
   * The message, up to 100,000 characters. Not looked at where the chat is new, needed afterwards.
   * @example '可以填任意文本'
   */
  @LegacyText(MAX_CONTENT)
  chat_content?: string;

  /**
   * Who says it: 0 the bot, 1 the user. Without it, the user.
   * @example 0
   */
  @ApiPropertyOptional({ type: 'integer', enum: [0, 1] })
  @IsIn([0, 1])
  @LegacyId(0)
  chat_tpye?: number;

  /** The same, spelt right. */
  @ApiPropertyOptional({ type: 'integer', enum: [0, 1] })
  @IsIn([0, 1])
  @LegacyId(0)
  chat_type?: number;
}

/** Which chat to delete. */
export class DeleteChatDto extends LegacyInput {
  /**
   * The client's own name for it.
   * @example '1'
   */
  @Trimmed()
  @LegacyText(MAX_CONTENT)
  chat_id?: string;
}

/** Which chat to read. */
export class ChatHistoryQueryDto extends LegacyInput {
  /** @example '请根据以下历史聊天字' */
  @LegacyText(MAX_CONTENT)
  chat_title?: string;
}

/** The messages of a chat. */
export class ChatHistoryDto {
  /** @example 0 */
  @ApiProperty({ type: 'integer' })
  code!: number;

  /** Who said what, the oldest first: `chatcar` or `user`, and the text. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    example: [
      ['user', '你好'],
      ['chatcar', '你好！'],
    ],
  })
  历史信息列表!: ['chatcar' | 'user', string][];
}
