import type { Prompt } from '../prompt.entity.js';
import { variablesOf } from '../prompt-variables.js';

/** A place in a prompt's text that whoever uses it fills. */
export class PromptVariableDto {
  /**
   * 1 to 50 letters, digits and underscores of any script.
   * @example 'audience'
   */
  name!: string;

  /**
   * Stands where no value is given; absent where a value is required.
   * @example 'a ten-year-old'
   */
  default?: string;
}

/** An example of what one can say to a bot. */
export class PromptDto {
  /**
   * A whole number, 1 to 2^53-1.
   * @example 31
   */
  id!: number;

  /**
   * Up to 200 characters.
   * @example 'Explain it simply'
   */
  title!: string;

  /**
   * What goes to the bot; up to 20,000 characters. `{{name}}` and `{{name|default}}` are variables, `\{{` is no
   * beginning of one.
   * @example 'Explain photosynthesis to {{audience}}, with one example from the kitchen.'
   */
  text!: string;

  /** The variables of the text, in the order in which they first appear. */
  variables!: PromptVariableDto[];

  /**
   * Up to 20 tags of 1 to 50 characters.
   * @example ['school', 'science']
   */
  tags!: string[];

  /**
   * Whether it belongs to the library that everybody sees and only admins change.
   * @example false
   */
  shared!: boolean;

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

  static from({ id, ownerId, title, text, tags, createdAt, updatedAt }: Prompt): PromptDto {
    const variables = variablesOf(text);
    return { id, title, text, variables, tags, shared: ownerId === null, createdAt, updatedAt };
  }
}

/** One page of prompts, newest first. */
export class PromptPageDto {
  /** The prompts; where it takes long to find them, a page may have fewer than were asked for and yet a next one. */
  items!: PromptDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'Wzdd'
   */
  nextCursor!: string | null;
}

/** A tag that prompts have. */
export class PromptTagDto {
  /**
   * As it was written first.
   * @example 'school'
   */
  tag!: string;

  /**
   * How many prompts have it.
   * @example 12
   */
  count!: number;
}

/** Tags of prompts, the most used ones first. */
export class PromptTagListDto {
  /** The tags. */
  items!: PromptTagDto[];
}

/** Prompts drawn at random. */
export class PromptListDto {
  /** The prompts, in the order they were drawn; all different. */
  items!: PromptDto[];
}
