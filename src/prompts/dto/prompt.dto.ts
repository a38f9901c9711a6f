import type { Prompt } from '../prompt.entity.js';

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
   * What goes to the bot; up to 20,000 characters.
   * @example 'Explain photosynthesis to a ten-year-old, with one example from the kitchen.'
   */
  text!: string;

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
    return { id, title, text, tags, shared: ownerId === null, createdAt, updatedAt };
  }
}

/** One page of the own and the shared prompts together, newest first. */
export class PromptPageDto {
  /** The prompts, in the list's order. */
  items!: PromptDto[];

  /**
   * Opaque; give it back as `cursor` for the next page. Null on the last one.
   * @example 'Wzdd'
   */
  nextCursor!: string | null;
}

/** Prompts drawn at random. */
export class PromptListDto {
  /** The prompts, in the order they were drawn; all different. */
  items!: PromptDto[];
}
