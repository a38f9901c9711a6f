import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsString, Max, Min } from 'class-validator';
import { MaxLength, Optional } from './validation.js';

/** How a list is asked for. */
export class PageQueryDto {
  /**
   * How many items at most.
   * @example 20
   */
  @ApiPropertyOptional()
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  /** `nextCursor` of the page before; absent for the first page. */
  @Optional()
  @IsString()
  @MaxLength(200)
  cursor?: string;
}
