import { ApiProperty } from '@nestjs/swagger';

/** How it went. */
export class NotebookAnswerDto {
  /**
   * 0: done. Below 0: not done, `msg` says why.
   * @example 0
   */
  @ApiProperty({ type: 'integer' })
  code!: number;

  /** @example '注册成功！' */
  msg!: string;
}
