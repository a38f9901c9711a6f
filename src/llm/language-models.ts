import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';
import { BailianAppLanguageModel } from './bailian-app.language-model.js';
import { Circuits } from './circuits.js';
import { contextTokensOf, knownContextTokensOf } from './context-size.js';
import { EchoLanguageModel } from './echo.language-model.js';
import { imageTokens, type PixelSize } from './image-tokens.js';
import type { LanguageModel } from './language-model.js';
import { OpenAiLanguageModel } from './openai.language-model.js';
import { ResilientLanguageModel } from './resilient.language-model.js';
import { takesImages } from './vision.js';

/** The language models of this installation, by provider. */
@Injectable()
export class LanguageModels {
  /** Each configured provider's own model, without retries and fallback. */
  private readonly models: Map<string, LanguageModel>;
  private readonly chains = new Map<string, LanguageModel>();
  /** Of all chains: a model that is out of service is so whoever falls back on it. */
  private readonly circuits: Circuits;

  constructor(@Inject(ENV) private readonly env: Env) {
    this.circuits = new Circuits(env.LLM_CIRCUIT_OPEN_MS);
    const models = [
      openAi(env),
      bailian(env),
      env.NODE_ENV === 'production' ? undefined : new EchoLanguageModel(),
    ];
    this.models = new Map(
      models.filter((model) => model !== undefined).map((model) => [model.provider, model]),
    );
  }

  get defaultProvider(): string {
    return this.env.LLM_PROVIDER;
  }

  /** The configured providers, those that `resolve` takes. `echo` is one of them except in production. */
  providers(): string[] {
    return [...this.models.keys()];
  }

  /**
   * The model of a provider (of the default one, where none is named) with retries, timeouts and the providers of
   * LLM_FALLBACK behind it; those that are not configured are passed over.
   * @throws AppError `provider_not_configured`
   */
  resolve(provider?: string | null): LanguageModel {
    const name = provider ?? this.defaultProvider;
    const known = this.chains.get(name);
    if (known) return known;
    const first = this.models.get(name);
    if (!first) throw new AppError('provider_not_configured', { params: { provider: name } });
    const chain = new ResilientLanguageModel(
      [first, ...this.fallback(name)],
      {
        firstTokenTimeoutMs: this.env.LLM_FIRST_TOKEN_TIMEOUT_MS,
        idleTimeoutMs: this.env.LLM_IDLE_TIMEOUT_MS,
        maxRetries: this.env.LLM_MAX_RETRIES,
        contextTokens: ({ defaultModel }) =>
          this.env.LLM_CONTEXT_TOKENS ?? knownContextTokensOf(defaultModel),
        takesImages: ({ defaultModel }) => takesImages(defaultModel, this.env.LLM_VISION_MODELS),
      },
      this.circuits,
    );
    this.chains.set(name, chain);
    return chain;
  }

  /**
   * Whether somebody would be asked now: a model of the default provider's chain that is not out of service, as far as
   * earlier calls have shown. Nobody is called for it. The echo model is nobody.
   */
  hasSomebody(): boolean {
    const first = this.models.get(this.defaultProvider);
    const chain = [...(first ? [first] : []), ...this.fallback(this.defaultProvider)];
    return chain.some(
      ({ provider, defaultModel }) =>
        provider !== 'echo' && !this.circuits.of(provider, defaultModel).refuses,
    );
  }

  /** Tokens that a call may have: LLM_CONTEXT_TOKENS, or what is known of the model (of the provider's default). */
  contextTokens(provider?: string | null, model?: string | null): number {
    if (this.env.LLM_CONTEXT_TOKENS !== undefined) return this.env.LLM_CONTEXT_TOKENS;
    return contextTokensOf(this.nameOf(provider, model));
  }

  /** Whether a model takes pictures: it is known to, or named by LLM_VISION_MODELS. */
  takesImages(provider?: string | null, model?: string | null): boolean {
    return takesImages(this.nameOf(provider, model), this.env.LLM_VISION_MODELS);
  }

  /** Tokens that a picture takes of a model's context, an estimate. */
  imageTokens(
    provider: string | null | undefined,
    model: string | null | undefined,
    size: PixelSize,
  ): number {
    return imageTokens(this.nameOf(provider, model), size);
  }

  /** The model of this name, or the provider's default. */
  private nameOf(provider?: string | null, model?: string | null): string {
    return model ?? this.models.get(provider ?? this.defaultProvider)?.defaultModel ?? '';
  }

  private fallback(first: string): LanguageModel[] {
    const names = new Set<string>(this.env.LLM_FALLBACK ?? []);
    names.delete(first);
    return [...names].map((name) => this.models.get(name)).filter((model) => model !== undefined);
  }
}

function openAi(env: Env): LanguageModel | undefined {
  if (env.OPENAI_API_KEY === undefined) return undefined;
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, OPENAI_MODEL: model } = env;
  return new OpenAiLanguageModel({ provider: 'openai', apiKey, baseURL, model });
}

/** With an APP_ID it is the application that answers, without one the model itself. */
function bailian(env: Env): LanguageModel | undefined {
  if (env.DASHSCOPE_API_KEY === undefined) return undefined;
  const { DASHSCOPE_API_KEY: apiKey, BAILIAN_BASE_URL: host, BAILIAN_MODEL: model, APP_ID: appId } = env;
  if (appId !== undefined) return new BailianAppLanguageModel({ apiKey, baseURL: host, appId, model });
  const baseURL = `${host.replace(/\/+$/, '')}/compatible-mode/v1`;
  return new OpenAiLanguageModel({ provider: 'bailian', apiKey, baseURL, model });
}
