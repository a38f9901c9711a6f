import { isInherited } from '../common/input.pipe.js';

/** A place in a prompt's text that whoever uses it fills. */
export interface PromptVariable {
  name: string;
  /** Stands where no value is given; none: a value is required. */
  default?: string;
}

type Piece = string | PromptVariable;

/**
 * `{{name}}` or `{{name|what stands there otherwise}}`, white space around either allowed. Every part is bounded or
 * ends where the next one begins, so that a text is read in a time that grows with its length and no faster.
 */
const VARIABLE = /\{\{\s*([\p{L}\p{M}\p{N}_]{1,50})\s*(?:\|((?:(?!\}\}|\{\{)[^]){0,500}))?\}\}/uy;

/** The variables of a text, in the order in which they first appear; the first default that is given to one counts. */
export function variablesOf(text: string): PromptVariable[] {
  const variables = new Map<string, PromptVariable>();
  for (const piece of piecesOf(text)) {
    if (typeof piece === 'string') continue;
    const known = variables.get(piece.name);
    if (known?.default === undefined) variables.set(piece.name, { ...known, ...piece });
  }
  return [...variables.values()];
}

/**
 * The text with each variable's value in its place, as it is: what looks like a variable in a value stays. Every
 * variable is a key of `values`. Undefined where the result would have more than `most` characters (UTF-16 units).
 */
export function fillVariables(
  text: string,
  values: ReadonlyMap<string, string>,
  most: number,
): string | undefined {
  const parts: string[] = [];
  let length = 0;
  for (const piece of piecesOf(text)) {
    const part = typeof piece === 'string' ? piece : values.get(piece.name)!;
    length += part.length;
    if (length > most) return undefined;
    parts.push(part);
  }
  return parts.join('');
}

/** Cuts a text into what stands as it is and its variables. `\{{` is how one writes `{{` where none is meant. */
function* piecesOf(text: string): Generator<Piece> {
  let done = 0;
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', at)) {
    if (text[at - 1] === '\\' && at > done) {
      yield text.slice(done, at - 1);
      yield '{{';
      done = at += 2;
      continue;
    }
    const variable = variableAt(text, at);
    if (!variable) {
      // `{{{name}}}`: the variable may begin one brace later.
      at += 1;
      continue;
    }
    if (at > done) yield text.slice(done, at);
    yield variable.piece;
    done = at = variable.end;
  }
  if (done < text.length) yield text.slice(done);
}

function variableAt(text: string, at: number): { piece: PromptVariable; end: number } | undefined {
  VARIABLE.lastIndex = at;
  const match = VARIABLE.exec(text);
  const name = match?.[1];
  // No request can name a value as objects name what they inherit.
  if (!name || isInherited(name)) return undefined;
  const given = match[2]?.trim();
  return { piece: { name, ...(given !== undefined && { default: given }) }, end: VARIABLE.lastIndex };
}
