/** A document that has more is not read in part: nobody would know what is missing. */
export const MAX_PAGES = 2_000;
/** UTF-16 units of text. */
export const MAX_CHARACTERS = 5_000_000;

/** The longest label that is kept. */
export const MAX_LABEL = 200;
