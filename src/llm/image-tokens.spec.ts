import { describe, expect, it } from 'vitest';
import { imageTokens } from './image-tokens.js';

describe('imageTokens', () => {
  it.each([
    [1_024, 1_024, 765],
    [512, 512, 255],
    [2_048, 4_096, 1_105],
    [1, 1, 255],
    [1_568, 10, 765],
  ])('follows the published examples of OpenAI: %i by %i', (width, height, tokens) => {
    expect(imageTokens('gpt-4o', { width, height })).toBe(tokens);
  });

  it.each(['qwen-vl-max', 'Qwen3-VL-Plus', 'qvq-max'])('counts patches for %s', (model) => {
    expect(imageTokens(model, { width: 280, height: 56 })).toBe(22);
    expect(imageTokens(model, { width: 281, height: 1 })).toBe(13);
  });
});
