import type { TopicPreset, TopicPresetId } from '../topic-presets.js';
import type { Topic } from '../topic.entity.js';

/** A topic, as its owner sees it. */
export class TopicDto {
  /**
   * A whole number, 1 to 2^53-1.
   * @example 12
   */
  id!: number;

  /**
   * What is talked about; up to 200 characters.
   * @example 'Ordering food'
   */
  theme!: string;

  /**
   * Whether the theme is only what the topic is called, and says nothing of what is talked about.
   * @example false
   */
  themeIsLabel!: boolean;

  /**
   * The scenario, for the model; up to 20,000 characters.
   * @example 'You are a waiter; I am a guest who is allergic to nuts.'
   */
  instructions!: string | null;

  /**
   * Running summary of what was said under this topic; kept by the service, null before there is one.
   * @example 'The guest ordered soup and asked for the bill.'
   */
  context!: string | null;

  /**
   * Tag of the language that is always answered in; null for the chatbot's.
   * @example 'en'
   */
  replyLanguage!: string | null;

  /**
   * Whether somebody practises speaking on it: the model plays the part that is wanted of it, and answers briefly.
   * @example false
   */
  practice!: boolean;

  /**
   * The preset that it was made from, if any.
   * @example 'food-ordering'
   */
  preset!: string | null;

  /**
   * When it was made, UTC.
   * @example '2026-03-01T09:30:00.000Z'
   */
  createdAt!: Date;

  /**
   * When it was last changed, UTC.
   * @example '2026-03-02T10:00:00.000Z'
   */
  updatedAt!: Date;

  static from(topic: Topic): TopicDto {
    const { id, theme, instructions, context, replyLanguage, practice, preset } = topic;
    const { themeIsLabel, createdAt, updatedAt } = topic;
    return {
      ...{ id, theme, themeIsLabel, instructions, context, replyLanguage, practice, preset },
      ...{ createdAt, updatedAt },
    };
  }
}

/** One page of the own topics, newest first. */
export class TopicPageDto {
  /** The topics, in the list's order. */
  items!: TopicDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'Wzdd'
   */
  nextCursor!: string | null;
}

/** A ready-made role-play scenario for spoken English. */
export class TopicPresetDto {
  /**
   * Goes into `preset` of a new topic.
   * @example 'food-ordering'
   */
  id!: TopicPresetId;

  /**
   * What is talked about.
   * @example 'Food ordering'
   */
  theme!: string;

  /**
   * The scenario, for the model.
   * @example 'You are the waiter of a small friendly restaurant; the learner is a guest who has just come in.'
   */
  instructions!: string;

  static from(id: TopicPresetId, { theme, instructions }: TopicPreset): TopicPresetDto {
    return { id, theme, instructions };
  }
}

/** All presets, in their order. */
export class TopicPresetListDto {
  /** The presets, in the list's order. */
  items!: TopicPresetDto[];
}
