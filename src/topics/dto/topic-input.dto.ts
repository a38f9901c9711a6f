import { IsBoolean, IsIn, IsString, Matches } from 'class-validator';
import { MaxLength, NotBlank, Optional, OptionalOrNull } from '../../common/validation.js';
import { TOPIC_PRESET_IDS, type TopicPresetId } from '../topic-presets.js';

/** Changes of a topic: what is absent stays. */
export class UpdateTopicDto {
  /**
   * What is talked about; up to 200 characters, not blank.
   * @example 'Ordering food'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(200)
  theme?: string;

  /**
   * True where the theme is only what the topic is called, such as a name and a time, and says nothing of what is talked
   * about: neither the model nor the speech engine is told. False when absent, and when the theme is changed.
   * @example false
   */
  @Optional()
  @IsBoolean()
  themeIsLabel?: boolean;

  /**
   * The scenario, for the model; up to 20,000 characters. Null takes it away.
   * @example 'You are a waiter; I am a guest who is allergic to nuts.'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(20_000)
  instructions?: string | null;

  /**
   * Tag of the language to always answer in (BCP 47, up to 20 characters), whatever the chatbot's; null for the
   * chatbot's.
   * @example 'en'
   */
  @OptionalOrNull()
  @IsString()
  @MaxLength(20)
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, { context: { rule: 'isLanguageTag' } })
  replyLanguage?: string | null;

  /**
   * Whether somebody practises speaking on it: the model plays the part that is wanted of it, and answers briefly, in
   * at most about 125 words unless it is asked for more. False when absent.
   * @example true
   */
  @Optional()
  @IsBoolean()
  practice?: boolean;
}

/** A new topic: a theme of one's own, or a preset, whose texts fill in what is absent. */
export class CreateTopicDto extends UpdateTopicDto {
  /**
   * A ready-made scenario (GET topics/presets). Without one `theme` is required.
   * @example 'food-ordering'
   */
  @OptionalOrNull()
  @IsIn(TOPIC_PRESET_IDS)
  preset?: TopicPresetId | null;
}
