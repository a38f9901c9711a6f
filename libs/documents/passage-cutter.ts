/** About as many tokens a passage has. */
const TARGET = 300;
const MOST = 400;
/** A rest that is smaller goes with the passage before it. */
const LEAST = 60;

/** The ends of sentences, in order of the characters: Chinese ones need no space behind them. */
const WIDE_ENDS = '。！？；…';
const ENDS = '.!?;';
const CLOSING = '"\'”’」』）)]》';

/**
 * Cuts a text into passages of about 200 to 400 tokens, at the ends of paragraphs where that is possible, otherwise of
 * lines and sentences. Nothing but white space between passages is lost. Takes a time that grows with the text alone.
 */
export function cutPassages(text: string): string[] {
  const passages: string[] = [];
  let current = '';
  let weight = 0;
  for (const unit of unitsOf(text)) {
    const more = weightOf(unit);
    if (weight > 0 && (weight + more > MOST || (weight >= TARGET && /\n\s*$/.test(current.slice(-8))))) {
      passages.push(current);
      [current, weight] = ['', 0];
    }
    current += unit;
    weight += more;
  }
  const last = passages.at(-1);
  if (last !== undefined && weight < LEAST) passages[passages.length - 1] = last + current;
  else passages.push(current);
  return passages.map((passage) => passage.trim()).filter((passage) => passage !== '');
}

/** Paragraphs; of a long one its lines, of a long line its sentences, of a long sentence pieces. */
function* unitsOf(text: string, ends = [paragraphEnd, lineEnd, sentenceEnd]): Generator<string> {
  const [endAt, ...finer] = ends;
  if (!endAt) return yield* hardCut(text);
  for (const piece of pieces(text, endAt)) {
    if (weightOf(piece) <= MOST) yield piece;
    else yield* unitsOf(piece, finer);
  }
}

/** @param endAt where a piece that reaches the offset ends; 0 where it does not end there */
function* pieces(text: string, endAt: (text: string, offset: number) => number): Generator<string> {
  let from = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const end = endAt(text, offset);
    if (end === 0) continue;
    yield text.slice(from, end);
    from = end;
    offset = end - 1;
  }
  if (from < text.length) yield text.slice(from);
}

function paragraphEnd(text: string, offset: number): number {
  return text[offset] === '\n' && text[offset + 1] === '\n' ? skip(text, offset, isSpace) : 0;
}

function lineEnd(text: string, offset: number): number {
  return text[offset] === '\n' ? offset + 1 : 0;
}

function sentenceEnd(text: string, offset: number): number {
  const unit = text[offset]!;
  if (WIDE_ENDS.includes(unit)) return skip(text, offset + 1, isClosing);
  if (!ENDS.includes(unit)) return 0;
  const end = skip(text, offset + 1, isClosing);
  return isSpace(text[end] ?? '') ? skip(text, end, isSpace) : 0;
}

/** Without a sentence's end: at a space near the end, otherwise wherever the passage is full. */
function* hardCut(text: string): Generator<string> {
  let from = 0;
  let weight = 0;
  let space = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    weight += unitWeight(text.charCodeAt(offset));
    if (isSpace(text[offset]!)) space = offset + 1;
    if (weight < MOST || isLow(text.charCodeAt(offset + 1))) continue;
    const end = space > from ? space : offset + 1;
    yield text.slice(from, end);
    [from, offset, weight] = [end, end - 1, 0];
  }
  if (from < text.length) yield text.slice(from);
}

function skip(text: string, from: number, isSkipped: (unit: string) => boolean): number {
  let offset = from;
  while (offset < text.length && isSkipped(text[offset]!)) offset += 1;
  return offset;
}

/** About how many tokens a text has: counting exactly takes longer than all of the reading. */
export function weightOf(text: string): number {
  let weight = 0;
  for (let offset = 0; offset < text.length; offset += 1) weight += unitWeight(text.charCodeAt(offset));
  return weight;
}

/** Letters of words are few tokens, digits and signs more, and characters of Chinese nearly one each. */
function unitWeight(unit: number): number {
  if (unit >= 0x2e80) return 0.8;
  if (unit >= 0x250) return 0.4;
  const isLetter = (unit | 32) >= 97 && (unit | 32) <= 122;
  if (isLetter) return 0.22;
  return unit === 32 || unit === 10 ? 0.05 : 0.45;
}

function isSpace(unit: string): boolean {
  return unit === ' ' || unit === '\n' || unit === '\t' || unit === '　';
}

function isClosing(unit: string): boolean {
  return CLOSING.includes(unit);
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
