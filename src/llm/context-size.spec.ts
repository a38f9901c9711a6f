import { describe, expect, it } from 'vitest';
import { contextTokensOf } from './context-size.js';

describe('contextTokensOf', () => {
  it.each([
    ['gpt-4', 8_192],
    ['gpt-4o-mini-2024-07-18', 128_000],
    ['GPT-4o', 128_000],
    ['gpt-4.1-nano', 1_047_576],
    ['gpt-4-turbo-2024-04-09', 128_000],
    ['gpt-3.5-turbo-0125', 16_385],
    ['gpt-5-mini', 272_000],
    ['gpt-5-chat-latest', 128_000],
    ['o3-mini', 200_000],
    ['qwen-plus-latest', 129_024],
    ['qwen-max', 30_720],
    ['qwen-long', 10_000_000],
    ['qwen3-max-2026-01-23', 258_048],
    ['something-else', 8_192],
    ['', 8_192],
  ])('knows %s', (model, tokens) => {
    expect(contextTokensOf(model)).toBe(tokens);
  });
});
