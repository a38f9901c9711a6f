import { memberOf, readModelAnswer, textOf } from '../llm/model-answer.js';
import { plainLine } from '../llm/plain-line.js';

const MAX_ITEMS = 3;
/** A longer one is no question that a page can show on a button. */
const MAX_LENGTH = 200;
const MAX_LINES = 100;

export const SUGGESTIONS_TASK = [
  'Think of three short questions that the user may want to ask next, after this answer: each leads further, each in ' +
    "another direction, in the user's own words and from his point of view, at most fifteen words, none that was asked " +
    'or answered already.',
  'Answer with a JSON list of three strings and nothing else, no code fence:',
  '["…", "…", "…"]',
].join('\n');

/** Names that models give to a list, and to one of it. */
const LISTS = [
  'suggestions',
  'questions',
  'next_questions',
  'nextQuestions',
  'follow_ups',
  'followUps',
  'items',
];
const TEXTS = ['question', 'text', 'suggestion', 'content', 'title', 'q'];

const NUMBER = /^\s*(?:[-*•·–—]|(?:Q|问题?)?\s*[(（[【]?\d{1,2}[)）\]】.、:：]+|[一二三四五]、)\s*/iu;

const NAMED_TEXT = new RegExp(String.raw`"(?:${TEXTS.join('|')})"\s*:\s*("(?:[^"\\]|\\.)*")`, 'g');

/** Up to three questions in a model's answer, each on one line; `asked` is what the user has asked just now. */
export function readSuggestions(answer: string, asked: string): string[] {
  const { json, text, isBroken } = readModelAnswer(answer);
  if (json === undefined && !isBroken) return questionsOf(linesOf(text), asked);
  const found = questionsOf(textsOf(json), asked);
  // One alone is perhaps the first of several objects, or of a list that was cut.
  return found.length > 1 ? found : questionsOf([...found, ...wholeTexts(text)], asked);
}

function questionsOf(given: string[], asked: string): string[] {
  const known = new Set([folded(asked)]);
  const questions: string[] = [];
  for (const item of given.slice(0, MAX_LINES)) {
    const question = plainLine(plainLine(item).replace(NUMBER, ''));
    const key = folded(question);
    if (key === '' || known.has(key) || [...question].length > MAX_LENGTH) continue;
    known.add(key);
    if (questions.push(question) === MAX_ITEMS) break;
  }
  return questions;
}

/** Of a list, of an object that has one, of an object of texts. */
function textsOf(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap((item) => oneOf(item) ?? []);
  if (typeof json !== 'object' || json === null) return [];
  const list = memberOf(json, LISTS);
  if (typeof list === 'object' && list !== null) return textsOf(list);
  const named = oneOf(json);
  return named === null ? Object.values(json).flatMap((item) => oneOf(item) ?? []) : [named];
}

function oneOf(item: unknown): string | null {
  return textOf(typeof item === 'object' ? memberOf(item, TEXTS) : item, MAX_LENGTH * 2);
}

/** The texts of JSON that cannot be read as a whole: those with a name that is meant; where there are none, all. */
function wholeTexts(json: string): string[] {
  const named = [...json.matchAll(NAMED_TEXT)];
  const found = named.length > 0 ? named : [...json.matchAll(/("(?:[^"\\]|\\.)*")(?!\s*:)/g)];
  return found.slice(0, MAX_LINES).map(([, text = '']) => {
    try {
      return JSON.parse(text) as string;
    } catch {
      return '';
    }
  });
}

/** Lines of a list; where there is none, questions; where there is none either, several lines that announce nothing. */
function linesOf(text: string): string[] {
  const lines = text.split('\n', MAX_LINES).filter((line) => line.trim() !== '' && !/[:：]\s*$/u.test(line));
  for (const isMeant of [NUMBER, /[?？]["'”’」』*_\s]*$/u]) {
    const meant = lines.filter((line) => isMeant.test(line));
    if (meant.length > 0) return meant;
  }
  // One alone says why there are no questions.
  return lines.length > 1 ? lines : [];
}

/** What makes two questions the same, whatever their punctuation and case. */
function folded(text: string): string {
  return text
    .slice(0, MAX_LENGTH * 10)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{Extended_Pictographic}]/gu, '');
}
