import { LegacyInput, LegacyText } from '../../legacy-input.js';
import { OldId } from './old-id.js';
import { TutorCallerDto } from './topic.dto.js';

/** Which topic is meant. */
export class TutorTopicQueryDto extends LegacyInput {
  /** @example 12 */
  @OldId()
  topic_id?: number;
}

/** Which turn is meant: the user's message in it. */
export class TutorTurnQueryDto extends LegacyInput {
  /** @example 41 */
  @OldId()
  conversation_id?: number;
}

/** Something that is said on a topic. */
class TutorSayingDto extends TutorCallerDto {
  /**
   * -1 makes a topic.
   * @example 12
   */
  @OldId()
  topic_id?: number;
}

/** Something typed. */
export class TutorWordDto extends TutorSayingDto {
  /**
   * Chinese or English; up to 100,000 characters.
   * @example '我想订一张两个人的桌子'
   */
  @LegacyText(100_000)
  prompt_word?: string;
}

/** Something typed, or the text of what was said aloud, to be answered. */
export class TutorPromptDto extends TutorWordDto {
  /**
   * The turn that is to be answered; -1 makes one.
   * @example 41
   */
  @OldId()
  conversation_id?: number;
}

/** Base64 of 12 MiB of sound. */
export const MAX_VOICE = 16 * 1024 * 1024;

/** Something said aloud. */
export class TutorVoiceDto extends TutorSayingDto {
  /**
   * A recording in any usual container, as base64, bare or as a data URL of any type.
   * @example 'data:audio/wav;base64,UklGRiQAAABXQVZF'
   */
  @LegacyText(MAX_VOICE)
  prompt_voice?: string;
}

/** A turn that is said aloud once more. */
export class TutorRerecordDto extends TutorTurnQueryDto {
  /**
   * As when it was said first.
   * @example 'data:audio/wav;base64,UklGRiQAAABXQVZF'
   */
  @LegacyText(MAX_VOICE)
  prompt_voice?: string;
}

/** An answer that is to be heard. */
export class TutorSpeakDto extends TutorTurnQueryDto {
  /**
   * Not looked at: what is spoken is the answer as it is stored.
   * @example 'Of course, for when?'
   */
  @LegacyText(100_000)
  response_word?: string;
}

/** What was understood of a recording. */
export class TutorHeardDto {
  /** @example 12 */
  topic_id!: number;

  /** @example 41 */
  conversation_id!: number;

  /** @example '我想订一张两个人的桌子' */
  prompt!: string;

  /**
   * Empty: it is asked for by itself.
   * @example ''
   */
  audio_assessment!: string;
}

/** An answer. */
export class TutorResponseDto {
  /** @example 12 */
  topic_id!: number;

  /**
   * The turn; another one than was asked for where that was answered before in other words.
   * @example 41
   */
  conversation_id!: number;

  /** @example 'Of course, for when?' */
  response!: string;
}

/** An answer that can be heard. */
export class TutorRoundDto {
  /** @example 12 */
  topic_id!: number;

  /** @example 'Of course, for when?' */
  response_word!: string;

  /**
   * MP3 as bare base64; empty where no voice is to be had.
   * @example 'SUQzBAAAAAAAI1RTU0UAAAAP'
   */
  response_voice!: string;
}

export class TutorVoiceAnswerDto {
  /**
   * MP3 as bare base64; empty where no voice is to be had.
   * @example 'SUQzBAAAAAAAI1RTU0UAAAAP'
   */
  response_voice!: string;
}

export class TutorReplacedDto {
  /** @example true */
  success!: boolean;

  /** @example 'Voice replaced successfully' */
  message!: string;
}

export class TutorAssessmentDto {
  /**
   * In Chinese; empty while it is on its way.
   * @example '意思清楚，注意时态。'
   */
  audio_assessment!: string;
}

/** A turn as it is kept. */
export class TutorDetailDto {
  /** @example 41 */
  conversation_id!: number;

  /** @example 'I would like a table for two.' */
  prompt_word!: string;

  /**
   * The same as `prompt_word`.
   * @example 'I would like a table for two.'
   */
  prompt!: string;

  /**
   * The recording as bare base64; empty where it was typed.
   * @example 'UklGRiQAAABXQVZF'
   */
  prompt_voice!: string;

  /**
   * Empty where there is none.
   * @example 'Of course, for when?'
   */
  response_word!: string;

  /**
   * MP3 as bare base64; empty where it was not spoken yet.
   * @example 'SUQzBAAAAAAAI1RTU0UAAAAP'
   */
  response_voice!: string;

  /**
   * The estimate of the pronunciation; empty where it was not asked for yet.
   * @example '共听到 2 个词。'
   */
  audio_assessment!: string;
}

/** All turns on a topic, oldest first. The newest have their voices: up to 24 MiB of sound together. */
export class TutorDetailsDto {
  details!: TutorDetailDto[];
}
