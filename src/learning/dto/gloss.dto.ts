/** A word or phrase of the answer, and what it means there. */
export class GlossWordDto {
  /** @example 'help yourself to' */
  text!: string;

  /** @example '请随便用' */
  meaning!: string;
}

/** What an answer means, in the learner's language. */
export class GlossDto {
  /** @example '别客气，请用茶。' */
  translation!: string;

  words!: GlossWordDto[];

  /**
   * Only the beginning of a long answer was looked at.
   * @example false
   */
  truncated!: boolean;
}
