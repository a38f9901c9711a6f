import { Test } from '@nestjs/testing';
import { Global, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { ENV, type Env } from '../config/env.js';
import { collect } from './language-model-calls.contract.js';
import { LanguageModels } from './language-models.js';
import { LlmModule } from './llm.module.js';

describe('LanguageModels', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream({ defaults: { count: 2 } })));
  afterEach(() => upstream.reset());
  afterAll(() => upstream.close());

  const env = (more: Partial<Env>): Env => ({
    ...({
      NODE_ENV: 'test',
      LLM_PROVIDER: 'openai',
      LLM_FALLBACK: [],
      LLM_MAX_RETRIES: 0,
      LLM_FIRST_TOKEN_TIMEOUT_MS: 1000,
      LLM_IDLE_TIMEOUT_MS: 1000,
      LLM_CIRCUIT_OPEN_MS: 10_000,
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_MODEL: 'gpt-4o-mini',
      BAILIAN_BASE_URL: upstream.url,
      BAILIAN_MODEL: 'qwen-plus',
    } as unknown as Env),
    ...more,
  });
  const both = { OPENAI_API_KEY: 'sk-a', DASHSCOPE_API_KEY: 'sk-b' };

  it('resolves each provider that has a key, and the default one', async () => {
    const models = new LanguageModels(env(both));
    expect(models.providers()).toEqual(['openai', 'bailian', 'echo']);
    expect(models.defaultProvider).toBe('openai');
    for (const name of [undefined, null, 'openai']) expect(models.resolve(name).provider).toBe('openai');
    expect(models.resolve('bailian').defaultModel).toBe('qwen-plus');
    expect(models.resolve('openai')).toBe(models.resolve());
  });

  it.each(['openai', 'bailian', 'nonsense', ''])('refuses %j where it is not configured', (name) => {
    const models = new LanguageModels(env({ LLM_PROVIDER: 'echo' }));
    expect(() => models.resolve(name)).toThrow(
      expect.objectContaining({ code: 'provider_not_configured', params: { provider: name } }) as Error,
    );
  });

  it('has no echo in production', () => {
    const models = new LanguageModels(env({ ...both, NODE_ENV: 'production' }));
    expect(models.providers()).toEqual(['openai', 'bailian']);
    expect(() => models.resolve('echo')).toThrow();
  });

  it('speaks to Bailian in compatible mode, or to the application where there is one', async () => {
    await collect(new LanguageModels(env(both)).resolve('bailian'));
    expect(upstream.log.at(-1)?.path).toBe('/compatible-mode/v1/chat/completions');
    await collect(
      new LanguageModels(env({ ...both, APP_ID: 'app 1', BAILIAN_BASE_URL: `${upstream.url}/` })).resolve(
        'bailian',
      ),
    );
    expect(upstream.log.at(-1)?.path).toBe('/api/v1/apps/app%201/completion');
  });

  it('falls back on the configured providers in their order', async () => {
    const models = new LanguageModels(
      env({
        OPENAI_API_KEY: 'sk-a',
        OPENAI_MODEL: 'gpt:status=500',
        LLM_FALLBACK: ['openai', 'bailian', 'echo'],
        LLM_MAX_RETRIES: 1,
      }),
    );
    const events = await collect(models.resolve());
    expect(upstream.callsTo('gpt')).toHaveLength(2);
    expect(events[0]).toEqual({ type: 'start', provider: 'echo', model: 'echo' });
  });

  it('knows the size of a context', () => {
    const models = new LanguageModels(env(both));
    expect(models.contextTokens()).toBe(128_000);
    expect(models.contextTokens('bailian')).toBe(129_024);
    expect(models.contextTokens('bailian', 'qwen-long')).toBe(10_000_000);
    expect(models.contextTokens('nonsense')).toBe(8_192);
    expect(new LanguageModels(env({ LLM_CONTEXT_TOKENS: 4096 })).contextTokens('openai', 'gpt-4.1')).toBe(
      4096,
    );
  });

  it('is what the module exports', async () => {
    @Global()
    @Module({ providers: [{ provide: ENV, useFactory: () => env(both) }], exports: [ENV] })
    class Environment {}
    const module = await Test.createTestingModule({ imports: [Environment, LlmModule] }).compile();
    expect(module.get(LanguageModels, { strict: false }).defaultProvider).toBe('openai');
    await module.close();
  });

  it('says whether somebody would be asked, without asking', async () => {
    expect(new LanguageModels(env({ LLM_PROVIDER: 'echo' })).hasSomebody()).toBe(false);
    const alone = new LanguageModels(env({ OPENAI_API_KEY: 'sk-a', LLM_FALLBACK: ['echo'] }));
    const helped = new LanguageModels(env({ ...both, LLM_FALLBACK: ['bailian'] }));
    expect([alone.hasSomebody(), helped.hasSomebody(), upstream.log.length]).toEqual([true, true, 0]);
    upstream.setDefaults({ status: 503 });
    for (const models of [alone, helped])
      await Promise.all(Array.from({ length: 30 }, () => collect(models.resolve())));
    expect([alone.hasSomebody(), helped.hasSomebody()]).toEqual([false, false]);
    upstream.setDefaults({});
  });
});
