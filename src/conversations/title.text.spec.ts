import { describe, expect, it } from 'vitest';
import { readTitle } from './title.text.js';

const graphemes = (text: string) => [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)];

describe('readTitle', () => {
  it.each([
    ['a title', 'Dinner for Two', 'Dinner for Two'],
    ['quotation marks', '“Dinner for Two”', 'Dinner for Two'],
    ['a full stop', 'Dinner for Two.', 'Dinner for Two'],
    ['both', '"Dinner for Two."', 'Dinner for Two'],
    ['both the other way', '"Dinner for Two".', 'Dinner for Two'],
    ['a label', 'Title: Dinner for Two', 'Dinner for Two'],
    ['a label in bold', '**Title:** "Dinner for Two"', 'Dinner for Two'],
    ['a label in quotation marks', '"Conversation title: Dinner for Two"', 'Dinner for Two'],
    ['an announcement', "Here's a title:\n\n# Dinner for Two", 'Dinner for Two'],
    ['a Chinese label', '标题：《晚餐预订》。', '晚餐预订'],
    ['thinking', '<think>Title: no</think>\nDinner for Two', 'Dinner for Two'],
    ['a fence', '```\nDinner for Two\n```', 'Dinner for Two'],
    ['JSON', '{"title": "Dinner for Two"}', 'Dinner for Two'],
    ['a list', '["Dinner for Two", "Another"]', 'Dinner for Two'],
    ['JSON that was cut behind it', '{"title": "Dinner for Two", "why": "Be', 'Dinner for Two'],
    ['an explanation', 'Dinner for Two\n\nI chose it because …', 'Dinner for Two'],
    ['unseen characters', '\u202eDinner\u0000 for\u2067 Two\u200b', 'Dinner for Two'],
    ['a question', 'What is C#?', 'What is C#?'],
    ['emoji', '🍵', '🍵'],
  ])('finds it in %s', (_, answer, title) => {
    expect(readTitle(answer)).toBe(title);
  });

  it.each([
    '',
    ' \n ',
    '"."',
    '---',
    'Title:',
    '<think>Dinner',
    '{"title": "Din',
    '{"name": 7.5e400, "title": []}',
    '[]',
    '…',
  ])('finds none in %j', (answer) => {
    expect(readTitle(answer)).toBeNull();
  });

  it('keeps it to sixty characters as people see them', () => {
    expect(readTitle('👍🏽'.repeat(60))).toBe('👍🏽'.repeat(60));
    const cut = readTitle('Word and '.repeat(200))!;
    expect(cut.endsWith('…')).toBe(true);
    expect(graphemes(cut).length).toBeLessThanOrEqual(61);
    // One that is longer than the column is none that people can read.
    expect(readTitle(`a${'\u0301'.repeat(5_000)}`)).toBeNull();
  });

  it('takes a bounded time, whatever it is given', () => {
    const from = performance.now();
    for (const piece of ['Title: ', '"', '“', '\n', '{"title": ', 'a title', "' ", '**', '.'])
      readTitle(piece.repeat(100_000));
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
