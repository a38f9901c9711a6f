import { describe, expect, it } from 'vitest';
import { MAX_SENTENCE } from './sentence-end.js';
import { partsOf, sentencesOf } from './sentences.js';

const LONG_WORD = 'x'.repeat(MAX_SENTENCE);

describe('sentencesOf', () => {
  it.each<[what: string, text: string, sentences: string[]]>([
    ['nothing', '', []],
    ['white space', ' \n\t\r\n', []],
    ['marks alone', '... --- *** 👋 ?!', []],
    ['plain sentences', 'One. Two! Three? Four', ['One.', 'Two!', 'Three?', 'Four']],
    ['Chinese', '你好。今天很热！出去吗？好', ['你好。', '今天很热！', '出去吗？', '好']],
    ['Chinese with ASCII stops', '你好.我很好!走吧?好', ['你好.', '我很好!', '走吧?', '好']],
    [
      'both languages',
      'Hi there. 你好。How are you?很好。',
      ['Hi there.', '你好。', 'How are you?', '很好。'],
    ],
    ['titles', 'Mr. Smith met Dr. Lee. They spoke.', ['Mr. Smith met Dr. Lee.', 'They spoke.']],
    [
      'Latin',
      'Take fruit, e.g. Apples, i.e. Healthy food. Good.',
      ['Take fruit, e.g. Apples, i.e. Healthy food.', 'Good.'],
    ],
    [
      'initials',
      'J. K. Rowling and J.R.R. Tolkien wrote. So did I. Yes.',
      ['J. K. Rowling and J.R.R. Tolkien wrote.', 'So did I.', 'Yes.'],
    ],
    [
      'numbers',
      'It costs 3.50 dollars, no. 5 in Fig. 2. No. Really.',
      ['It costs 3.50 dollars, no. 5 in Fig. 2.', 'No.', 'Really.'],
    ],
    [
      'short words at the end',
      'We sell tea, etc. We open at 9 a.m. and close at 5 p.m. Come in.',
      ['We sell tea, etc.', 'We open at 9 a.m. and close at 5 p.m.', 'Come in.'],
    ],
    [
      'versions and files',
      'Use v1.2.3 of app.config.js now. Done.',
      ['Use v1.2.3 of app.config.js now.', 'Done.'],
    ],
    [
      'ellipses',
      'Well... I think so. Wait... what? 我……不知道。嗯…… 好。',
      ['Well...', 'I think so.', 'Wait... what?', '我……不知道。', '嗯……', '好。'],
    ],
    [
      'quotes behind the stop',
      '"Stop!" he said. "Why?" She left. “好。”他说。',
      ['"Stop!" he said.', '"Why?"', 'She left.', '“好。”', '他说。'],
    ],
    ['brackets', 'It works (really.) Yes. (No.) Fine.', ['It works (really.)', 'Yes.', '(No.)', 'Fine.']],
    ['several stops', 'What?! No way!!! 真的？！是的。', ['What?!', 'No way!!!', '真的？！', '是的。']],
    ['lines', 'First line\nsecond line.\r\n\r\nThird', ['First line', 'second line.', 'Third']],
    [
      'headings and lists',
      '# Title\n\n- **Bold** item\n* other\n2. Second\n  - [x] done\n> quoted',
      ['Title', 'Bold item', 'other', 'Second', 'done', 'quoted'],
    ],
    ['rules', 'A\n---\nB\n* * *\nC\n===\nD', ['A', 'B', 'C', 'D']],
    [
      'code blocks',
      'Look:\n```js\nalert("Hi. There.");\n```\nDone. ~~~\nno fence',
      ['Look:', 'Done.', 'no fence'],
    ],
    ['a code block that is not closed', 'Look:\n~~~\nrm -rf /. No\n```\nmore', ['Look:']],
    ['code in a line', 'Call `foo.bar()` now. ```X``` is code.', ['Call foo.bar() now.', 'X is code.']],
    ['tables', '| a | **b** |\n|---|:-:|\n| 1 | 2. x |\nEnd.', ['a, b', '1, 2. x', 'End.']],
    [
      'emphasis',
      '**Very** *nice*, __really__ ~~not~~ snake_case 2 * 3 = 6.',
      ['Very nice, really not snake case 2 * 3 = 6.'],
    ],
    ['emphasis around a sentence', '**Done.** _Next._ End', ['Done.', 'Next.', 'End']],
    [
      'links',
      'See [the *docs*. Here](https://a.b/c_(d)?e=1. "T") or [it][1]. ![A cat](cat.png) Next[1][^2].',
      ['See the docs.', 'Here or it.', 'A cat Next.'],
    ],
    [
      'brackets that are no links',
      'Press [Enter] or a[0] (now). [open',
      ['Press [Enter] or a (now).', '[open'],
    ],
    [
      'addresses',
      'Go to https://www.example.com/a.b?c=1. Then <http://x.org/y>! 看https://z.cn/q。好',
      ['Go to example.com.', 'Then x.org!', '看z.cn。', '好'],
    ],
    [
      'words that begin like addresses',
      'He has httpd, http: and hats. Oh',
      ['He has httpd, http: and hats.', 'Oh'],
    ],
    [
      'tags and entities',
      'A<br>B &amp; C &lt;d&gt; <b class="x">bold</b> 1 < 2 & 3 > 2 R&D',
      ['A', 'B & C <d> bold 1 < 2 & 3 > 2 R&D'],
    ],
    ['emoji', 'Hi 👋🏽 there! 👨‍👩‍👧‍👦 Go 🇨🇳 1️⃣ ❤️ ok©', ['Hi there!', 'Go 1 ok©']],
    ['escapes', 'Two \\* three \\_is\\_ six\\.', ['Two * three _is_ six.']],
    ["a year at a line's beginning", '1. one\n1984. Then\n3.5 kg', ['one', '1984.', 'Then', '3.5 kg']],
    ['control characters', 'A\u0007b\0c\td', ['A b c d']],
  ])('knows %s', (_, text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });

  it('cuts what is too long, where it hurts least', () => {
    const words = 'word '.repeat(150).trim();
    expect(sentencesOf(words).join(' ')).toBe(words);
    expect(sentencesOf(words)).toHaveLength(2);
    const commas = `${'a'.repeat(300)}, ${'b c '.repeat(100)}`;
    expect(sentencesOf(commas)[0]).toBe(`${'a'.repeat(300)},`);
    expect(sentencesOf(`${LONG_WORD}yz`)).toEqual([LONG_WORD, 'yz']);
    expect(sentencesOf('好'.repeat(1_200)).map((part) => part.length)).toEqual([500, 500, 200]);
    const accents = sentencesOf('e\u0301'.repeat(600));
    for (const part of accents) expect(part).toMatch(/^(?:e\u0301)+$/);
  });
});

describe('partsOf', () => {
  it('joins what fits', () => {
    const sentences = ['Title', 'One.', '你好', '第二。', 'End'];
    expect(partsOf(sentences, 1_000)).toEqual(['Title. One. 你好。第二。End']);
    expect(partsOf(sentences, 13)).toEqual(['Title. One.', '你好。第二。', 'End']);
    expect(partsOf([], 10)).toEqual([]);
    const many = sentencesOf('This is a sentence of some length. '.repeat(300));
    for (const part of partsOf(many, 600)) expect(part.length).toBeLessThanOrEqual(600);
    expect(partsOf(many, 600).join(' ')).toBe(many.join(' '));
  });
});
