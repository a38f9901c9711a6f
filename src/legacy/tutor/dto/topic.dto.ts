import type { TopicDto } from '../../../topics/dto/topic.dto.js';
import type { UserDto } from '../../../users/dto/user.dto.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';
import { TutorUserDto } from './account.dto.js';
import { OldId } from './old-id.js';

/** Whose topics are meant, or who wants one. */
export class TutorCallerDto extends LegacyInput {
  /** @example 7 */
  @OldId()
  user_id?: number;
}

/** A topic with instructions of one's own. */
export class TutorCustomTopicDto extends TutorCallerDto {
  /**
   * What the model is told; up to 20,000 characters.
   * @example 'You are my landlord; the heating has been broken for a week.'
   */
  @LegacyText(20_000)
  instructions?: string;
}

/** A topic with a ready-made scenario. */
export class TutorPresetTopicDto extends TutorCallerDto {
  /**
   * `Attractions for help`, `Teacher helps with English`, `Lost Items at Station`, `Cajoling your girlfriend`,
   * `Food Ordering` or `Apply for resignation`.
   * @example 'Food Ordering'
   */
  @LegacyText(200)
  pre_theme?: string;
}

/** Another name for a topic. */
export class TutorThemeDto extends LegacyInput {
  /** @example 12 */
  @OldId()
  topic_id?: number;

  /**
   * Up to 200 characters.
   * @example 'At the restaurant'
   */
  @LegacyText(200)
  theme?: string;
}

export class TutorMessageDto {
  /** @example 'Theme updated successfully' */
  message!: string;
}

/** A topic. */
export class TutorTopicDto {
  /** @example 12 */
  topic_id!: number;

  user!: TutorUserDto;

  /** @example 'reader:2026-11-21 16:30:00' */
  theme!: string;

  /**
   * What is remembered of what was said on it; empty before there is anything.
   * @example 'The guest ordered soup and asked for the bill.'
   */
  context!: string;

  /**
   * What the model is told; empty where it is nothing.
   * @example 'You are my landlord; the heating has been broken for a week.'
   */
  custom_context!: string;

  static from(topic: TopicDto, user: UserDto, summary: string | undefined): TutorTopicDto {
    const { id, theme, context, instructions } = topic;
    return {
      ...{ topic_id: id, user: TutorUserDto.from(user), theme },
      ...{ context: summary ?? context ?? '', custom_context: instructions ?? '' },
    };
  }
}

/** All topics of a user, in the order of their ids. */
export class TutorTopicsDto {
  topics!: TutorTopicDto[];
}
