import { describe, expect, it } from 'vitest';
import { loadEnv } from './env.js';

const load = (variables: Record<string, string>) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...variables });

describe('the language model provider', () => {
  it.each([
    [{}, 'echo'],
    [{ OPENAI_API_KEY: 'sk-x' }, 'openai'],
    [{ DASHSCOPE_API_KEY: 'sk-y' }, 'bailian'],
    [{ API_KEY: 'sk-y' }, 'bailian'],
    [{ OPENAI_API_KEY: 'sk-x', DASHSCOPE_API_KEY: 'sk-y' }, 'openai'],
    [{ OPENAI_API_KEY: 'sk-x', DASHSCOPE_API_KEY: 'sk-y', LLM_PROVIDER: 'bailian' }, 'bailian'],
    [{ OPENAI_API_KEY: 'sk-x', LLM_PROVIDER: 'echo' }, 'echo'],
    [{ LLM_PROVIDER: 'bailian', API_KEY: 'sk-y' }, 'bailian'],
  ])('of %o is %s', (source, provider) => {
    expect(load(source).LLM_PROVIDER).toBe(provider);
  });

  it('takes API_KEY for DASHSCOPE_API_KEY only where that is absent', () => {
    expect(load({ API_KEY: 'sk-y' }).DASHSCOPE_API_KEY).toBe('sk-y');
    expect(load({ API_KEY: 'sk-y', DASHSCOPE_API_KEY: 'sk-z' }).DASHSCOPE_API_KEY).toBe('sk-z');
  });

  it('falls back in the order that is given', () => {
    const keys = { OPENAI_API_KEY: 'sk-x', DASHSCOPE_API_KEY: 'sk-y' };
    expect(load({ ...keys, LLM_FALLBACK: 'bailian, echo' }).LLM_FALLBACK).toEqual(['bailian', 'echo']);
  });
});
