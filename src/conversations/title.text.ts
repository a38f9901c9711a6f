import { memberOf, readModelAnswer, salvaged, textOf } from '../llm/model-answer.js';
import { plainLine } from '../llm/plain-line.js';
import { titleOf } from './title.js';

const GRAPHEMES = 60;

export const TITLE_TASK =
  'Give this conversation a title by which the user finds it again: what it is about, in three to six words, or in at ' +
  'most fifteen characters where the language has no spaces. Answer with the title alone: no quotation marks, no full ' +
  'stop, no explanation.';

/** What models put before a title. */
const LABEL =
  /^(?:[\p{L}' ]{0,40}title|titre|titel|t[ií]tulo|titolo|标题|題目|题目|標題|タイトル|제목)\s*[:：]\s*/iu;
const END = /[\s.。!！,，;；:：、…\-–—]+$/u;

/** The title in a model's answer, on one line and short; null where there is none. */
export function readTitle(answer: string): string | null {
  const { json, text, isBroken } = readModelAnswer(answer);
  const named = memberOf(json ?? salvaged(text, ['title']), ['title', 'name', '标题']);
  const lines = isBroken || json !== undefined ? [named, ...[json].flat()] : text.split('\n', 50);
  for (const line of lines) {
    const title = titleOf(bare(textOf(line, 1_000) ?? ''), GRAPHEMES);
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(title)) return title;
  }
  return null;
}

/** Labels and quotation marks may stand in each other. */
function bare(line: string): string {
  const less = plainLine(plainLine(line).replace(LABEL, '').replace(END, ''));
  return less === line ? line : bare(less);
}
