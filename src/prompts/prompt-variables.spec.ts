import { describe, expect, it } from 'vitest';
import { fillVariables, variablesOf } from './prompt-variables.js';

const fill = (text: string, values: Record<string, string> = {}): string | undefined =>
  fillVariables(text, new Map(Object.entries(values)), 1_000_000);

describe('variablesOf', () => {
  it.each([
    ['Explain {{topic}} to {{audience}}, and {{topic}} again.', [{ name: 'topic' }, { name: 'audience' }]],
    ['{{ spaced }} {{\tand_2\n}}', [{ name: 'spaced' }, { name: 'and_2' }]],
    ['给{{年龄}}岁的孩子解释{{主题|光合作用}}', [{ name: '年龄' }, { name: '主题', default: '光合作用' }]],
    [
      '{{tone | warm and kind }}{{end|}}',
      [
        { name: 'tone', default: 'warm and kind' },
        { name: 'end', default: '' },
      ],
    ],
    ['{{a}} {{a|first}} {{a|second}}', [{ name: 'a', default: 'first' }]],
    ['{{a|with } one and { two | three}}', [{ name: 'a', default: 'with } one and { two | three' }]],
    ['{{{inner}}}', [{ name: 'inner' }]],
    ['{{cafe\u0301}} {{हिन्दी}} {{٣}}', [{ name: 'cafe\u0301' }, { name: 'हिन्दी' }, { name: '٣' }]],
    [`{{${'字'.repeat(50)}}}`, [{ name: '字'.repeat(50) }]],
    ['{{Case}} {{case}}', [{ name: 'Case' }, { name: 'case' }]],
  ])('finds those of %j', (text, variables) => {
    expect(variablesOf(text)).toEqual(variables);
  });

  it.each([
    ...[
      '',
      'none',
      '{a}',
      '{{}}',
      '{{ }}',
      '{{a b}}',
      '{{a-b}}',
      '{{a.b}}',
      '{{a',
      'a}}',
      '{{|x}}',
      '{{👋}}',
    ],
    ...['\\{{a}}', `{{${'x'.repeat(51)}}}`, `{{a|${'x'.repeat(501)}}}`, '{{#if a}}', '{{a|{{b}'],
    ...['{{constructor}}', '{{toString}}', '{{__proto__}}', '{{prototype|x}}'],
  ])('finds none in %j', (text) => {
    expect(variablesOf(text)).toEqual([]);
    expect(fill(text)).toBe(text.replace('\\{{', '{{'));
  });

  it('finds one that begins where another did not end', () => {
    expect(variablesOf('{{a|b {{c}}')).toEqual([{ name: 'c' }]);
  });
});

describe('fillVariables', () => {
  it('puts values in as they are', () => {
    const values = { a: '{{b}} $& $1 \\{{', b: '\\' };
    expect(fill('{{a}}/{{ b }}/{{a|x}}', values)).toBe('{{b}} $& $1 \\{{/\\/{{b}} $& $1 \\{{');
  });

  it('leaves what is escaped, and only that backslash out', () => {
    expect(fill('\\{{a}} {{a}} \\n \\\\{{a}} \\{a}', { a: 'x' })).toBe('{{a}} x \\n \\{{a}} \\{a}');
    expect(fill('{{a}}\\{{a}}{{a}}', { a: 'x' })).toBe('x{{a}}x');
  });

  it('takes a backslash that a variable ends with for none', () => {
    expect(fill('{{a|\\}}{{b}}', { a: '1', b: '2' })).toBe('12');
  });

  it('ends where the result has an end', () => {
    const values = new Map([['a', 'x'.repeat(10)]]);
    expect(fillVariables('{{a}}-{{a}}', values, 21)).toBe(`${'x'.repeat(10)}-${'x'.repeat(10)}`);
    expect(fillVariables('{{a}}-{{a}}', values, 20)).toBeUndefined();
  });

  it.each([
    ['braces', '{'.repeat(200_000)],
    ['variables without an end', '{{a|'.repeat(50_000)],
    ['white space', `{{${' '.repeat(100_000)}`.repeat(2)],
    ['spaces behind names', `{{a${' '.repeat(100)}`.repeat(2_000)],
    ['long names', `{{${'x'.repeat(49)}`.repeat(4_000)],
    ['long defaults', `{{a|${'x'.repeat(499)}`.repeat(400)],
    ['escapes', '\\{{'.repeat(66_000)],
    ['pairs', '{{}}'.repeat(50_000)],
  ])('is not slowed down by many %s', (_, text) => {
    const from = performance.now();
    variablesOf(text);
    fill(text);
    // A second on a busy machine; what grows with the square takes minutes.
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
