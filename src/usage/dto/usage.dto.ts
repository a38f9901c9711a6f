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

/** Recordings that were transcribed today, in seconds. */
export class AudioUsageDto {
  /** @example 94.2 */
  used!: number;

  /**
   * How many a day may have; null where there is no limit.
   * @example 3600
   */
  limit!: number | null;

  /**
   * How many are left; null where there is no limit.
   * @example 3505.8
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

  audio!: AudioUsageDto;

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

  /**
   * How many transcriptions may be on their way at a time; null where there is no limit.
   * @example 5
   */
  transcriptionsAtOnce!: number | null;

  static from(row: UsageDay | undefined, limits: UsageLimits, now: Date): UsageTodayDto {
    const { tokensPerDay, requestsPerDay, audioPerDay } = limits;
    const { turnsAtOnce, turnsPerMinute, transcriptionsAtOnce } = limits;
    const { inputTokens: input = 0, outputTokens: output = 0 } = row ?? {};
    const used = row?.requests ?? 0;
    const taken = row ? tokensTaken(row) : 0;
    const audioMs = row?.audioMs ?? 0;
    const audioLeft = left(audioPerDay === null ? null : audioPerDay * 1_000, audioMs);
    return {
      day: utcDay(now),
      resetsAt: nextMidnight(now),
      requests: { used, limit: requestsPerDay, remaining: left(requestsPerDay, used) },
      tokens: {
        ...{ input, output, total: input + output },
        ...{ estimated: row?.estimatedTokens ?? 0, reserved: row?.reservedTokens ?? 0 },
        ...{ limit: tokensPerDay, remaining: left(tokensPerDay, taken) },
      },
      audio: {
        used: audioMs / 1_000,
        limit: audioPerDay,
        remaining: audioLeft === null ? null : audioLeft / 1_000,
      },
      ...{ turnsAtOnce, turnsPerMinute, transcriptionsAtOnce },
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

  /**
   * Recordings that were transcribed, in seconds.
   * @example 94.2
   */
  audioSeconds!: number;

  static from(row: UsageDay): UsageDayDto {
    const { day, requests, inputTokens, outputTokens, estimatedTokens, audioMs } = row;
    return { day, requests, inputTokens, outputTokens, estimatedTokens, audioSeconds: audioMs / 1_000 };
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
      ({ requests, inputTokens, outputTokens, audioMs }) =>
        requests > 0 || inputTokens + outputTokens + audioMs > 0,
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
