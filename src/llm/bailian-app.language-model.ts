import { answerStream } from './answer-stream.js';
import { BailianAppAnswer } from './bailian-app-answer.js';
import { imageUrl } from './image-url.js';
import { LanguageModel, type LlmEvent, type LlmRequest } from './language-model.js';
import { ProviderProtocolError, transportError } from './network-errors.js';
import { type LlmErrorEvent, providerError, ReportedFailure } from './provider-errors.js';
import { type SseEvent, SseReader, type SseSource } from './sse-events.js';
import { guardedFetch } from './sse-guard.js';

export interface BailianAppOptions {
  apiKey: string;
  /** Host with scheme, without a path. */
  baseURL: string;
  appId: string;
  /** The model that stands behind the application; known to us only by configuration. */
  model: string;
  /** Stands in for the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Largest event of a stream, and largest body of an error. Cumulative events carry the whole answer. */
const MAX_EVENT_SIZE = 1024 * 1024;

/**
 * `LanguageModel` over Bailian's application completion. The whole history is sent with every call and no session is
 * kept at the provider, whose sessions end after an hour. The application's own model answers, unless the request
 * names another one. `maxOutputTokens` has no counterpart in this protocol and is ignored. Pictures go in a list of their
 * own, in the order of their messages.
 */
export class BailianAppLanguageModel extends LanguageModel {
  readonly provider = 'bailian';
  readonly defaultModel: string;
  private readonly url: string;
  private readonly fetch: typeof globalThis.fetch;

  constructor(private readonly options: BailianAppOptions) {
    super();
    this.defaultModel = options.model;
    this.url = `${options.baseURL.replace(/\/+$/, '')}/api/v1/apps/${encodeURIComponent(options.appId)}/completion`;
    this.fetch = guardedFetch(options.fetch ?? globalThis.fetch, MAX_EVENT_SIZE);
  }

  override stream(request: LlmRequest, signal: AbortSignal): AsyncIterable<LlmEvent> {
    const open = (linked: AbortSignal) => this.open(request, linked);
    return answerStream({ answer: new BailianAppAnswer(), open, errorOf: bailianError }, signal);
  }

  private async open(request: LlmRequest, signal: AbortSignal): Promise<SseSource> {
    const response = await this.fetch(this.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.options.apiKey}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
        'x-dashscope-sse': 'enable',
      },
      body: JSON.stringify(this.body(request)),
      signal,
    });
    if (!response.ok) throw new ReportedFailure(await refusal(response));
    if (response.body === null) throw new ProviderProtocolError();
    const inOnePiece = response.headers.get('content-type')?.includes('application/json') ?? false;
    if (!inOnePiece) return new SseReader(response.body, MAX_EVENT_SIZE);
    // Asked for a stream, answered without one: the same JSON as that of a final event.
    const whole: SseEvent[][] = [[{ event: undefined, data: await response.text(), status: undefined }]];
    return { read: async () => whole.pop(), drain: () => undefined };
  }

  private body({ messages, model, temperature }: LlmRequest): object {
    const images = messages.flatMap((message) => message.images ?? []).map((image) => imageUrl(image));
    return {
      input: {
        messages: messages.map(({ role, content }) => ({ role, content })),
        ...(images.length > 0 && { image_list: images }),
      },
      parameters: {
        incremental_output: true,
        ...(temperature !== undefined && { temperature }),
        ...(model !== undefined && model !== this.defaultModel && { model_id: model }),
      },
      debug: {},
    };
  }
}

function bailianError(error: unknown): LlmErrorEvent {
  return error instanceof ReportedFailure ? error.event : transportError(error);
}

/** The refusal's code, where its body is readable; a proxy's HTML page leaves the status to decide. */
async function refusal(response: Response): Promise<LlmErrorEvent> {
  const { status, headers } = response;
  let code: unknown;
  try {
    const body = (await response.json()) as { code?: unknown } | null;
    code = body?.code;
  } catch {
    code = undefined;
  }
  return providerError({ codes: [code], status, headers });
}
