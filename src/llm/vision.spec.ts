import { describe, expect, it } from 'vitest';
import { takesImages } from './vision.js';

describe('takesImages', () => {
  it.each([
    ...[
      'gpt-4o',
      'gpt-4o-mini',
      'chatgpt-4o-latest',
      'gpt-4.1-nano',
      'gpt-4-turbo',
      'gpt-5-mini',
      'o1',
      'o3',
      'o4-mini',
    ],
    ...[
      'qwen-vl-max',
      'qwen2.5-vl-72b-instruct',
      'qwen3-vl-plus',
      'qwen-omni-turbo',
      'qwen3-omni-flash',
      'qvq-max',
    ],
    ...['Qwen-VL-Plus', 'echo'],
  ])('knows that %s does', (model) => {
    expect(takesImages(model)).toBe(true);
  });

  it.each([
    ...[
      'gpt-3.5-turbo',
      'gpt-4',
      'gpt-4-turbo-preview',
      'gpt-4o-audio-preview',
      'o1-mini',
      'o3-mini',
      'gpt-oss-20b',
    ],
    ...['qwen-plus', 'qwen-max', 'qwen3-coder-plus', 'qwen-long', 'deepseek-r1', 'my-gpt-4o', ''],
  ])('does not take %s for one that does', (model) => {
    expect(takesImages(model)).toBe(false);
  });

  it('is told of others by the beginnings of their names', () => {
    expect(takesImages('llava:13b', ['LLaVA'])).toBe(true);
    expect(takesImages('my-llava', ['llava'])).toBe(false);
  });
});
