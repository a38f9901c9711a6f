import { describe, expect, it } from 'vitest';
import { readSuggestions } from './suggestion.text.js';

const ASKED = 'What is a closure?';
const THREE = ['Why is it useful?', 'Can you show an example?', '它会泄漏内存吗？'];
const [first, second, third] = THREE as [string, string, string];
const read = (answer: string) => readSuggestions(answer, ASKED);

describe('readSuggestions', () => {
  it.each([
    ['a list', JSON.stringify(THREE)],
    ['a fenced list', `\`\`\`json\n${JSON.stringify(THREE, null, 2)}\n\`\`\``],
    ['a list among words', `Here you are [1]:\n${JSON.stringify(THREE)}\nAnything else?`],
    ['thinking before it', `<think>["No?"]</think>${JSON.stringify(THREE)}`],
    ['a list of objects', JSON.stringify(THREE.map((question) => ({ question, why: 'So?' })))],
    ['a list of other objects', JSON.stringify(THREE.map((text, id) => ({ id, text })))],
    ['an object with a list', JSON.stringify({ questions: THREE })],
    ['an object with a list of objects', JSON.stringify({ suggestions: THREE.map((text) => ({ text })) })],
    ['an object in an object', JSON.stringify({ questions: { items: THREE } })],
    ['an object of texts', JSON.stringify({ 1: first, 2: second, 3: third })],
    ['an object a line', THREE.map((question) => JSON.stringify({ question })).join('\n')],
    ['numbers', THREE.map((text, n) => `${n + 1}. ${text}`).join('\n')],
    ['numbers in brackets', THREE.map((text, n) => `(${n + 1}) ${text}`).join('\n')],
    ['Chinese numbers', `一、${first}\n二、${second}\n三、${third}`],
    ['bold numbers', THREE.map((text, n) => `**${n + 1}. ${text}**`).join('\n\n')],
    ['numbers and bold', THREE.map((text, n) => `${n + 1}. **${text}**`).join('\n\n')],
    ['bullets', THREE.map((text) => `- "${text}"`).join('\n')],
    ['other bullets', `Of course!\n${THREE.map((text) => `• ${text}`).join('\n')}\nLet me know.`],
    ['questions with letters', THREE.map((text, n) => `Q${n + 1}: ${text}`).join('\n')],
    ['Chinese labels', THREE.map((text, n) => `问题${n + 1}：${text}`).join('\n')],
    ['lines', `You may ask:\n\n${THREE.join('\n')}`],
    ['lines and words', `Sure.\n${THREE.join('\n')}\nGood luck.`],
    ['numbers in a list', JSON.stringify(THREE.map((text, n) => `${n + 1}) ${text}`))],
    ['U+0000 and what turns text around', JSON.stringify(THREE.map((text) => `\u202e${text}\0`))],
    ['more than three', JSON.stringify([...THREE, 'And then?'])],
    ['doubles', JSON.stringify([first, first.toUpperCase(), ` ${first}!`, second, third])],
    ['what was asked', JSON.stringify(['what is a CLOSURE', ...THREE])],
    ['some that are too long', JSON.stringify(['a'.repeat(201), ...THREE])],
    ['nothings', JSON.stringify(['', '?', '1.', null, 7, {}, ...THREE].filter((item) => item !== 7))],
  ])('finds three in %s', (_, answer) => {
    expect(read(answer)).toEqual(THREE);
  });

  it('finds those that are whole in a list that was cut', () => {
    expect(read(`["${first}", "${second}", "它会泄`)).toEqual([first, second]);
    expect(read(`{"questions": [{"question": "${first}"}, {"question": "${second}"}, {"ques`)).toEqual([
      first,
      second,
    ]);
  });

  it('takes lines that are no questions where there is nothing else', () => {
    expect(read('Tell me more\nShow an example')).toEqual(['Tell me more', 'Show an example']);
  });

  it('keeps to 200 characters, as people count them', () => {
    const longest = `${'字'.repeat(198)}😀？`;
    expect(read(JSON.stringify([longest, `${longest}字`]))).toEqual([longest]);
  });

  it.each([
    '',
    ' ',
    '[]',
    '{}',
    '[[]]',
    'null',
    '"',
    '…',
    '```',
    '<think>1. Why?',
    '{"questions": null}',
    '1.\n2.\n3.',
  ])('finds none in %j', (answer) => {
    expect(read(answer)).toEqual([]);
  });

  it('takes a bounded time, whatever it is given', () => {
    const from = performance.now();
    const hostile = ['{"question":"a"}\n', '["', '"\\', '1. ', '- \n', '[{"q":', '\n', '(', '**', 'Q1'];
    for (const piece of hostile) readSuggestions(piece.repeat(100_000), piece.repeat(10_000));
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
