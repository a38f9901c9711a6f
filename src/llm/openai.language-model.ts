import OpenAI, { APIError } from 'openai';
import { answerStream } from './answer-stream.js';
import { imageUrl } from './image-url.js';
import { LanguageModel, type LlmEvent, type LlmMessage, type LlmRequest } from './language-model.js';
import { ProviderProtocolError, transportError } from './network-errors.js';
import { OpenAiAnswer } from './openai-answer.js';
import { type LlmErrorEvent, providerError, ReportedFailure } from './provider-errors.js';
import { SseReader, type SseSource } from './sse-events.js';
import { guardedFetch } from './sse-guard.js';

export interface OpenAiOptions {
  /** The provider's name as configured; `bailian` for its compatible mode. */
  provider: string;
  apiKey: string;
  /** Up to and with `/v1`. */
  baseURL: string;
  model: string;
  /** Further members of every request body, such as `enable_thinking`. */
  extraBody?: Record<string, unknown>;
  /** Stands in for the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Largest event of a stream, and largest body of an error. Real ones have a few hundred bytes. */
const MAX_EVENT_SIZE = 1024 * 1024;

/**
 * `LanguageModel` over chat completions of OpenAI and of everything that is compatible with it, Bailian's compatible
 * mode among them. One call is one request; the SDK neither retries nor logs.
 */
export class OpenAiLanguageModel extends LanguageModel {
  readonly provider: string;
  readonly defaultModel: string;
  private readonly client: OpenAI;
  /** OpenAI's own models refuse `max_tokens`; most compatible servers know nothing else. */
  private readonly maxTokensField: 'max_completion_tokens' | 'max_tokens';

  constructor(private readonly options: OpenAiOptions) {
    super();
    this.provider = options.provider;
    this.defaultModel = options.model;
    this.maxTokensField = isOpenAiHost(options.baseURL) ? 'max_completion_tokens' : 'max_tokens';
    this.client = new OpenAI({
      apiKey: options.apiKey,
      baseURL: options.baseURL,
      // Given as null, because the SDK would read what is absent from the environment behind our back.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: guardedFetch(options.fetch ?? globalThis.fetch, MAX_EVENT_SIZE),
    });
  }

  override stream(request: LlmRequest, signal: AbortSignal): AsyncIterable<LlmEvent> {
    const answer = new OpenAiAnswer(request.model ?? this.defaultModel);
    const open = (linked: AbortSignal) => this.open(request, linked);
    return answerStream({ answer, open, errorOf: openAiError }, signal);
  }

  /** Sends the request. Its body is read by ourselves: the SDK's nested generators take twice the processor time. */
  private async open(request: LlmRequest, signal: AbortSignal): Promise<SseSource> {
    const response = await this.client.chat.completions.create(this.body(request), { signal }).asResponse();
    if (response.body === null) throw new ProviderProtocolError();
    return new SseReader(response.body, MAX_EVENT_SIZE);
  }

  private body(request: LlmRequest): OpenAI.Chat.ChatCompletionCreateParamsStreaming {
    return {
      ...this.options.extraBody,
      model: request.model ?? this.defaultModel,
      messages: request.messages.map((message) => spoken(message)),
      stream: true,
      stream_options: { include_usage: true },
      ...(request.temperature !== undefined && { temperature: request.temperature }),
      ...(request.maxOutputTokens !== undefined && { [this.maxTokensField]: request.maxOutputTokens }),
    };
  }
}

/** A text alone stays one: not every compatible server knows parts. */
function spoken({ role, content, images = [] }: LlmMessage): OpenAI.Chat.ChatCompletionMessageParam {
  if (role !== 'user' || images.length === 0) return { role, content };
  const parts = images.map((image) => ({ type: 'image_url' as const, image_url: { url: imageUrl(image) } }));
  return { role, content: [...parts, { type: 'text', text: content }] };
}

function openAiError(error: unknown): LlmErrorEvent {
  if (error instanceof ReportedFailure) return error.event;
  // An APIError without status and body is the SDK's wrapping of a connection's failure.
  if (error instanceof APIError && (error.status !== undefined || error.error !== undefined)) {
    return providerError({ codes: [error.code, error.type], status: error.status, headers: error.headers });
  }
  return transportError(error);
}

function isOpenAiHost(baseURL: string): boolean {
  const { hostname } = new URL(baseURL);
  return hostname === 'api.openai.com' || hostname.endsWith('.api.openai.com');
}
