/** What a model wrote when it was asked for JSON. */
export interface ModelAnswer {
  /** The first JSON object or list that can be read; undefined where there is none. */
  json: unknown;
  /** All that it wrote, without its thinking and without fences. */
  text: string;
  /** It began JSON that cannot be read: it was cut, or is no JSON. */
  isBroken: boolean;
}

/** Longer answers are cut before anybody looks at them. */
export const MAX_ANSWER_LENGTH = 50_000;
/** Beginnings of JSON that are tried; each takes the time of the rest of the text. */
const MAX_TRIES = 50;

const CLOSING: Record<string, string> = { '{': '}', '[': ']' };

/** Finds the JSON in a model's answer, whatever it has put around it. */
export function readModelAnswer(answer: string): ModelAnswer {
  const spoken = withoutThinking(answer.slice(0, MAX_ANSWER_LENGTH).toWellFormed().replaceAll('\0', ''));
  const text = withoutFences(spoken).trim();
  let begins = false;
  for (let at = nextStart(text, 0), tries = 0; at >= 0 && tries < MAX_TRIES; tries += 1) {
    const end = endOf(text, at);
    const json = end < 0 ? undefined : parsed(text.slice(at, end));
    if (json !== undefined) return { json, text, isBroken: false };
    begins ||= /^[{[]\s*["{[]/.test(text.slice(at, at + 20));
    at = nextStart(text, at + 1);
  }
  return { json: undefined, text, isBroken: begins };
}

/** The texts of some members of JSON that was cut. */
export function salvaged(text: string, names: readonly string[]): Record<string, string> {
  const found = names.flatMap((name) => {
    const [, value] = new RegExp(String.raw`"${name}"\s*:\s*("(?:[^"\\]|\\.)*")`).exec(text) ?? [];
    const read = value === undefined ? undefined : parsed(value);
    return typeof read === 'string' ? [[name, read] as const] : [];
  });
  return Object.fromEntries(found);
}

/** Models that think aloud do so in tags; the opening one may be missing, or the closing one where the answer was cut. */
function withoutThinking(text: string): string {
  const closing = [...text.matchAll(/<\/(?:think|thinking|thought)>/gi)].at(-1);
  const behind = closing ? text.slice(closing.index + closing[0].length) : text;
  return behind.replace(/<(?:think|thinking|thought)>[\s\S]*$/i, '');
}

function withoutFences(text: string): string {
  return text.replaceAll(/^[ \t]*(?:```|~~~)[\w-]*[ \t]*$/gm, '');
}

function nextStart(text: string, from: number): number {
  const at = text.slice(from).search(/[{[]/);
  return at < 0 ? -1 : from + at;
}

/** Behind the bracket that closes the one at `start`; -1 where none does. */
function endOf(text: string, start: number): number {
  const open: string[] = [];
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!;
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (CLOSING[character]) open.push(CLOSING[character]);
    else if (character === open.at(-1) && open.pop() && open.length === 0) return at + 1;
  }
  return -1;
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return isReadable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Text, an object, or a list of either: a `[1]` in a sentence is a footnote. */
function isReadable(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isReadable(item));
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

/** Text of an unknown value: trimmed, of at most so many characters; null where there is none. */
export function textOf(value: unknown, maxLength: number): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = [...String(value).trim()].slice(0, maxLength).join('');
  return text === '' ? null : text;
}

/** The first of these members that is there. */
export function memberOf(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const name = names.find((one) => Object.hasOwn(value, one));
  return name === undefined ? undefined : (value as Record<string, unknown>)[name];
}
