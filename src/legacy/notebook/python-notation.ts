/** What Python writes with a letter in the place of a code. */
const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** What Python escapes: control and format characters, halves of pairs, what nobody has assigned; of spaces all but one. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

/** A list of texts as Python's `repr` writes it: `['a', "b's"]`. */
export function pythonList(texts: readonly string[]): string {
  return `[${texts.map(pythonText).join(', ')}]`;
}

/** A text as Python's `repr` writes it. What Unicode has assigned since the older Python is printable here. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const written = Array.from(text, (character) =>
    character === quote ? `\\${quote}` : (ESCAPED[character] ?? printable(character)),
  );
  return quote + written.join('') + quote;
}

function printable(character: string): string {
  if (character === ' ' || !UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0)!;
  const hex = (digits: number) => code.toString(16).padStart(digits, '0');
  if (code <= 0xff) return `\\x${hex(2)}`;
  return code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
