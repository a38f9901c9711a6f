import type { Expression, ExpressionPoint } from './expression.js';

interface Texts {
  corrected: string;
  better: string;
  nothing: string;
  truncated: string;
  quoted: (text: string) => string;
  joint: string;
}

const ENGLISH: Texts = {
  corrected: 'Without mistakes: ',
  better: 'More natural: ',
  nothing: 'There is nothing to correct.',
  truncated: 'Only the beginning was looked at.',
  quoted: (text) => `“${text}”`,
  joint: ' ',
};

const CHINESE: Texts = {
  corrected: '改正：',
  better: '更自然的说法：',
  nothing: '没有需要改正的地方。',
  truncated: '内容较长，只查看了开头部分。',
  quoted: (text) => `“${text}”`,
  joint: '',
};

/** A review of an expression for a person to read: its own words in the learner's language, those around in Chinese or English. */
export function expressionText(expression: Expression, language: string): string {
  const texts = /^zh\b/i.test(language) ? CHINESE : ENGLISH;
  const { summary, corrected, better, points, truncated } = expression;
  const lines = [
    summary,
    ...(corrected === null ? [] : [texts.corrected + corrected]),
    ...(better === null || better === corrected ? [] : [texts.better + better]),
    ...points.map((point, index) => `${index + 1}. ${pointText(point, texts)}`),
    ...(truncated ? [texts.truncated] : []),
  ].filter((line) => line.trim() !== '');
  return lines.length === 0 ? texts.nothing : lines.join('\n');
}

function pointText({ quote, problem, suggestion, explanation }: ExpressionPoint, texts: Texts): string {
  const change = [quote, suggestion].filter((part) => part !== null).map((part) => texts.quoted(part));
  const said = [change.join(' → '), problem, explanation];
  return said.filter((part) => part !== null && part !== '').join(texts.joint || '，');
}
