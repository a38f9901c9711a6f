import { BailianAppAnswer, BailianAppFailure } from './bailian-app-answer.js';
import { LanguageModel, type LlmEvent, type LlmRequest } from './language-model.js';
import { LinkedAbort } from './linked-abort.js';
import { transportError } from './network-errors.js';
import { type LlmErrorEvent, providerError } from './provider-errors.js';
import { type SseEvent, sseEvents } from './sse-events.js';
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

/** How long a connection may stay open after the final event before it is closed. */
const TAIL_MS = 1_500;

/**
 * `LanguageModel` over Bailian's application completion. The whole history is sent with every call and no session is
 * kept at the provider, whose sessions end after an hour. The application's own model answers, unless the request
 * names another one. `maxOutputTokens` has no counterpart in this protocol and is ignored.
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

  override async *stream(request: LlmRequest, signal: AbortSignal): AsyncGenerator<LlmEvent> {
    if (signal.aborted) return;
    const link = new LinkedAbort(signal);
    const answer = new BailianAppAnswer();
    let ended = false;
    try {
      for await (const event of this.events(request, link.signal)) {
        yield* answer.read(event);
        if (answer.finished) link.abortAfter(TAIL_MS);
      }
      ended = true;
    } catch (error) {
      if (!signal.aborted && !answer.finished) yield* answer.fail(bailianError(error));
      if (!answer.finished) return;
    } finally {
      // After the natural end the connection is left alone: it may serve the next call.
      if (!ended) link.abort();
      link.release();
    }
    if (!signal.aborted) yield* answer.end();
  }

  private async *events(request: LlmRequest, signal: AbortSignal): AsyncGenerator<SseEvent> {
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
    if (!response.ok) throw new BailianAppFailure(await refusal(response));
    if (response.body === null) return;
    const inOnePiece = response.headers.get('content-type')?.includes('application/json') ?? false;
    if (!inOnePiece) yield* sseEvents(response.body, MAX_EVENT_SIZE);
    // Asked for a stream, answered without one: the same JSON as that of a final event.
    else yield { event: undefined, data: await response.text(), status: undefined };
  }

  private body({ messages, model, temperature }: LlmRequest): object {
    return {
      input: { messages: messages.map(({ role, content }) => ({ role, content })) },
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
  return error instanceof BailianAppFailure ? error.event : transportError(error);
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
