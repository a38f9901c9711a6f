import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsString } from 'class-validator';
import { MaxLength, NotBlank } from '../../../common/validation.js';
import { LegacyId, LegacyInput, LegacyText } from '../../legacy-input.js';

/** Whose bots; by nothing else than its user. */
export class CompanionUserDto extends LegacyInput {
  /**
   * The caller himself.
   * @example 1
   */
  @LegacyId()
  user_id?: number;
}

export class CompanionBotDto extends CompanionUserDto {
  /** @example 15870 */
  @LegacyId()
  chatbot_id?: number;
}

export class CreateCompanionBotDto extends CompanionUserDto {
  /**
   * Up to 100 characters, not blank.
   * @example 'Bot-1'
   */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : value))
  @IsString()
  @NotBlank()
  @MaxLength(100)
  chatbot_name!: string;

  /**
   * 0, a plain bot, or 1, one that plays a persona.
   * @example 1
   */
  @Transform(({ value }: { value: unknown }) => (value === '0' ? 0 : value === '1' ? 1 : value))
  @IsIn([0, 1])
  chatbot_type!: 0 | 1;

  /**
   * Whom it plays, in up to 20,000 characters; needed with the type 1, passed over with 0.
   * @example 'Jackie Chan'
   */
  @LegacyText(20_000)
  chatbot_persona?: string;
}

/** A bot, as this surface shows it. */
export class CompanionBotDetailDto {
  /** @example 'Bot-1' */
  chatbot_name!: string;

  /** @example 1 */
  chatbot_type!: 0 | 1;

  /**
   * Empty for a plain bot.
   * @example 'Jackie Chan'
   */
  chatbot_persona!: string;

  /**
   * In the server's configured zone.
   * @example '2024-05-22T01:19:45'
   */
  create_at!: string;
}

export class CompanionBotListItemDto extends CompanionBotDetailDto {
  /** @example 15870 */
  chatbot_id!: number;
}

export class CompanionBotIdDto {
  /** @example 15870 */
  chatbot_id!: number;
}

/** What every answer about bots says; -1 with what is wrong in `msg`, and an empty `data`. */
export class CompanionAnswerDto {
  /** @example 200 */
  code!: number;

  /** @example 'OK' */
  msg!: string;
}

export class CompanionRefusalDto extends CompanionAnswerDto {
  /** Empty. */
  @ApiProperty({ type: 'array', items: {}, maxItems: 0, example: [] })
  data!: never[];
}

export class CompanionPersonasDto extends CompanionAnswerDto {
  /** @example ['Jay Chou', 'Jackie Chan', 'Defined by me'] */
  data!: string[];
}

export class CompanionCreatedDto extends CompanionAnswerDto {
  data!: CompanionBotIdDto[];
}

export class CompanionBotDetailsDto extends CompanionAnswerDto {
  data!: CompanionBotDetailDto[];
}

export class CompanionBotListDto extends CompanionAnswerDto {
  data!: CompanionBotListItemDto[];
}
