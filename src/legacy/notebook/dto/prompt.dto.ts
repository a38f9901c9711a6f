import { ApiProperty } from '@nestjs/swagger';
import { LegacyInput } from '../../legacy-input.js';
import { RequiredText } from './required-text.js';

/** A new example. */
export class AddPromptDto extends LegacyInput {
  /**
   * Up to 50 characters; none of the caller's and the shared examples has it yet.
   * @example 'python数据处理'
   */
  @RequiredText(50)
  prompt_title: string = '';

  /**
   * Up to 200 characters.
   * @example '我有五个excel表，每个表有6列。帮我写一段python，把这五个表合成一个表。'
   */
  @RequiredText(200)
  prompt_text: string = '';
}

/** An example, and whether it was stored. */
export class AddedPromptDto {
  /**
   * 0: stored. -1: the title is taken. -3: not stored, `prompt_msg` says why.
   * @example 0
   */
  @ApiProperty({ type: 'integer' })
  code!: number;

  /**
   * As it was sent; empty where it was none.
   * @example 'python数据处理'
   */
  prompt_title!: string;

  /**
   * As it was sent; empty where it was none.
   * @example '我有五个excel表，每个表有6列。帮我写一段python，把这五个表合成一个表。'
   */
  prompt_text!: string;

  /** @example '示例promp存储成功' */
  prompt_msg!: string;
}

/** An example of the library. */
export class NotebookPromptDto {
  /** @example 'python数据处理' */
  prompt_title!: string;

  /** @example '我有五个excel表，每个表有6列。帮我写一段python，把这五个表合成一个表。' */
  prompt_text!: string;
}

/** Examples, drawn at random. */
export class DrawnPromptsDto {
  /** @example 0 */
  @ApiProperty({ type: 'integer' })
  code!: number;

  /** Up to 8, all different. */
  prompts!: NotebookPromptDto[];
}
