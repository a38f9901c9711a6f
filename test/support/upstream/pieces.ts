/** Thirty pieces that are hard to cut: Chinese, emoji of one and of many code points, combining marks, quotes, breaks. */
export const PIECES: string[] = [
  'Hello',
  ', ',
  '你好',
  '，世界',
  '！',
  '👋',
  ' family ',
  '👨‍👩‍👧‍👦',
  ' and ',
  '🏳️‍🌈',
  ' flags 🇨🇳',
  '.\n\n',
  'Cafe\u0301',
  ' nai\u0308ve ',
  '"quoted"',
  ' \\ back',
  '\t|',
  ' 第二段',
  '：',
  '机器学习',
  '是人工智能',
  '的一个分支',
  '。',
  '🤖',
  ' data: [DONE] ',
  'x',
  '²',
  ' ñ\u0303',
  '\r\n',
  '完。',
];

/** What the upstream thinks before it answers. */
export const THOUGHTS: string[] = ['Let me think. ', '先想一想', '🤔', ' then answer. '];

/** `count` of the pieces, from the first one on again where there are too few. */
export function take(pieces: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => pieces[i % pieces.length] ?? '');
}

/** Pieces of three code points. */
export function cutUp(text: string): string[] {
  const points = [...text];
  return Array.from({ length: Math.ceil(points.length / 3) }, (_, i) =>
    points.slice(i * 3, i * 3 + 3).join(''),
  );
}
