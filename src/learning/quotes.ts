/** Finds in a text what somebody says stands there, without regard to case, white space and kinds of quotation marks. */
export class Quotes {
  private readonly characters: string[];
  private readonly folded: string;

  constructor(text: string) {
    this.characters = [...text].filter(
      (character, index, all) => !isRepeatedSpace(character, all[index - 1]),
    );
    this.folded = this.characters.map((character) => fold(character)).join('');
  }

  /** As it stands in the text; null where it does not. */
  find(quote: string | null): string | null {
    const wanted = [...(quote ?? '').trim()]
      .filter((character, index, all) => !isRepeatedSpace(character, all[index - 1]))
      .map((character) => fold(character))
      .join('');
    const at = wanted === '' ? -1 : this.folded.indexOf(wanted);
    if (at < 0) return null;
    const before = [...this.folded.slice(0, at)].length;
    return this.characters.slice(before, before + [...wanted].length).join('');
  }
}

/** One character for one. */
function fold(character: string): string {
  if (/\s/u.test(character)) return ' ';
  if (/[‘’´`]/u.test(character)) return "'";
  if (/[“”„«»]/u.test(character)) return '"';
  const lower = character.toLowerCase();
  return [...lower].length === 1 ? lower : character;
}

function isRepeatedSpace(character: string, before: string | undefined): boolean {
  return /\s/u.test(character) && before !== undefined && /\s/u.test(before);
}
