import { describe, expect, it } from 'vitest';
import { readModelAnswer, salvaged } from './model-answer.js';

const JSON_TEXT = '{"summary": "Good {really} \\"so\\"", "points": []}';
const VALUE = { summary: 'Good {really} "so"', points: [] };

describe('readModelAnswer', () => {
  it.each([
    ['JSON alone', JSON_TEXT],
    ['a fence', `\`\`\`json\n${JSON_TEXT}\n\`\`\``],
    ['a fence of waves and words around it', `Here you are:\n~~~\n${JSON_TEXT}\n~~~\nI hope it helps {you}.`],
    ['thinking', `<think>Let me see {"summary": "no"}</think>\n${JSON_TEXT}`],
    ['thinking whose beginning is missing', `{"summary": "no"}</think>${JSON_TEXT}`],
    ['thinking twice', `<thinking>a</thinking> b <THINK>c</THINK>${JSON_TEXT}`],
    ['brackets before it', `[1] {maybe} ${JSON_TEXT}`],
    ['U+0000 in it', JSON_TEXT.replace('Good', 'Go\0od')],
  ])('finds it in %s', (_, answer) => {
    expect(readModelAnswer(answer).json).toEqual(VALUE);
  });

  it.each([
    ['text', 'All is well.', 'All is well.', false],
    ['text with brackets', 'Well [sic] {so}.', 'Well [sic] {so}.', false],
    ['nothing', ' \n', '', false],
    ['thinking alone', '<think>Hm, {"summary": "no"}', '', false],
    ['JSON that was cut', '{"summary": "Go', '{"summary": "Go', true],
    ['a list that was cut', '[{"kind": "gr', '[{"kind": "gr', true],
    ['what looks like JSON', '{"summary": nice, "points": }', '{"summary": nice, "points": }', true],
  ])('says what there is instead: %s', (_, answer, text, isBroken) => {
    expect(readModelAnswer(answer)).toEqual({ json: undefined, text, isBroken });
  });

  it('takes a bounded time, whatever it is given', () => {
    const from = performance.now();
    for (const piece of ['{', '[', '{"', '"', '{}', '<think>', '```\n', '\\"']) {
      readModelAnswer(piece.repeat(200_000));
      salvaged(piece.repeat(25_000), ['summary']);
    }
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('salvaged', () => {
  it('finds members that are whole', () => {
    const cut = '{"summary": "Almost \\"right\\".", "corrected": "I went.", "better": "I we';
    expect(salvaged(cut, ['summary', 'corrected', 'better'])).toEqual({
      summary: 'Almost "right".',
      corrected: 'I went.',
    });
  });
});
