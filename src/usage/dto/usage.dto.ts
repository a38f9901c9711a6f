import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { Optional } from '../../common/validation.js';
import { tokensTaken, type UsageDay } from '../usage-day.entity.js';
import type { UsageLimits } from '../usage-limits.js';
import { nextMidnight, utcDay } from '../utc-day.js';

/** How far back to look. */
export class UsageQueryDto {
  /**
   * How many days, today included: 1 to 366.
   * @example 30
   */
  @ApiPropertyOptional()
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(366)
  days: number = 30;
}

/** Turns begun today. */
export class RequestUsageDto {
  /** @example 12 */
  used!: number;

  /**
   * How many a day may have; null where there is no limit.
   * @example 500
   */
  limit!: number | null;

  /**
   * How many are left; null where there is no limit.
   * @example 488
   */
  remaining!: number | null;
}

/** Tokens of today. */
export class TokenUsageDto {
  /** @example 18230 */
  input!: number;

  /** @example 2410 */
  output!: number;

  /**
   * Input and output together.
   * @example 20640
   */
  total!: number;

  /**
   * How many of them are estimated, because the provider sent no counts.
   * @example 310
   */
  estimated!: number;

  /**
   * Kept for turns that are running, until it is known what they use: an estimate.
   * @example 0
   */
  reserved!: number;

  /**
   * How many a day may have; null where there is no limit.
   * @example 200000
   */
  limit!: number | null;

  /**
   * How many are left, without what is reserved; null where there is no limit.
   * @example 179360
   */
  remaining!: number | null;
}

/** What has been used today, and what may be. */
export class UsageTodayDto {
  /**
   * The day, in UTC.
   * @example '2026-11-21'
   */
  day!: string;

  /** When the next day begins. */
  resetsAt!: Date;

  requests!: RequestUsageDto;

  tokens!: TokenUsageDto;

  /**
   * How many turns may run at a time; null where there is no limit.
   * @example 20
   */
  turnsAtOnce!: number | null;

  /**
   * How many turns may begin in a minute; null where there is no limit.
   * @example 60
   */
  turnsPerMinute!: number | null;

  static from(row: UsageDay | undefined, limits: UsageLimits, now: Date): UsageTodayDto {
    const { tokensPerDay, requestsPerDay, turnsAtOnce, turnsPerMinute } = limits;
    const { inputTokens: input = 0, outputTokens: output = 0 } = row ?? {};
    const used = row?.requests ?? 0;
    const taken = row ? tokensTaken(row) : 0;
    return {
      day: utcDay(now),
      resetsAt: nextMidnight(now),
      requests: { used, limit: requestsPerDay, remaining: left(requestsPerDay, used) },
      tokens: {
        ...{ input, output, total: input + output },
        ...{ estimated: row?.estimatedTokens ?? 0, reserved: row?.reservedTokens ?? 0 },
        ...{ limit: tokensPerDay, remaining: left(tokensPerDay, taken) },
      },
      turnsAtOnce,
      turnsPerMinute,
    };
  }
}

/** What was used on one day. */
export class UsageDayDto {
  /**
   * In UTC.
   * @example '2026-11-20'
   */
  day!: string;

  /**
   * Turns begun.
   * @example 41
   */
  requests!: number;

  /** @example 61277 */
  inputTokens!: number;

  /** @example 8120 */
  outputTokens!: number;

  /**
   * How many of the input and output tokens are estimated, because the provider sent no counts.
   * @example 0
   */
  estimatedTokens!: number;

  static from({ day, requests, inputTokens, outputTokens, estimatedTokens }: UsageDay): UsageDayDto {
    return { day, requests, inputTokens, outputTokens, estimatedTokens };
  }
}

/** What a user has used. */
export class UsageDto {
  today!: UsageTodayDto;

  /** Newest first, today included; days without anything are left out. */
  days!: UsageDayDto[];

  static from(rows: UsageDay[], limits: UsageLimits, now: Date): UsageDto {
    const today = rows.find(({ day }) => day === utcDay(now));
    const used = rows.filter(
      ({ requests, inputTokens, outputTokens }) => requests > 0 || inputTokens + outputTokens > 0,
    );
    return {
      today: UsageTodayDto.from(today, limits, now),
      days: used.map((row) => UsageDayDto.from(row)),
    };
  }
}

/** A turn may use more than was reserved for it: then nothing is left, and not less than that. */
function left(limit: number | null, taken: number): number | null {
  return limit === null ? null : Math.max(0, limit - taken);
}
