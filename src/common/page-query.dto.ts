import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Max, Min } from 'class-validator';
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

/** How a list is asked for that can be read from both of its ends. */
export class OrderedPageQueryDto extends PageQueryDto {
  /**
   * `desc`, the newest first, or `asc`, the oldest first. A cursor goes on in the order that it comes from.
   * @example 'asc'
   */
  @ApiPropertyOptional()
  @Optional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';
}
