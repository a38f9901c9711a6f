import type { ProviderAnswer } from './answer-stream.js';
import type { LlmEvent } from './language-model.js';
import { protocolError, ProviderProtocolError } from './network-errors.js';
import { type LlmErrorEvent, providerError, ReportedFailure } from './provider-errors.js';
import type { SseEvent } from './sse-events.js';

type DoneReason = Extract<LlmEvent, { type: 'done' }>['reason'];

/** What stands in the place of a chunk when the stream is over. */
const OVER = '[DONE]';

/**
 * Understands the events of one chat completion. Nothing about their shape is believed: "OpenAI-compatible" servers
 * leave out and add what they like.
 */
export class OpenAiAnswer implements ProviderAnswer {
  /** The provider said that nothing more comes. */
  over = false;
  private reason: DoneReason | undefined;
  private usage: LlmEvent | undefined;

  constructor(private model: string) {}

  /** A finish_reason came: what was said is whole, whatever becomes of the connection now. */
  get finished(): boolean {
    return this.reason !== undefined;
  }

  /**
   * Adds what the event says to `said`.
   * @throws ReportedFailure for an error in the place of a chunk
   * @throws ProviderProtocolError, SyntaxError for what is no chunk at all
   */
  read({ data, event }: SseEvent, said: LlmEvent[]): void {
    if (this.over || data === '') return;
    if (data.startsWith(OVER)) {
      this.over = true;
      return;
    }
    const chunk: unknown = JSON.parse(data);
    if (!isRecord(chunk)) throw new ProviderProtocolError();
    if (isFailure(chunk.error) || event === 'error') throw new ReportedFailure(failureOf(chunk));
    if (isText(chunk.model)) this.model = chunk.model;
    this.readUsage(chunk.usage);
    // No choices: the chunk with the usage, or a content filter's report on the prompt.
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (isRecord(choice)) this.readChoice(choice, said);
  }

  /** The last events of a stream that ended by itself. */
  end(): LlmEvent[] {
    const last: LlmEvent =
      this.reason === undefined ? protocolError() : { type: 'done', reason: this.reason, model: this.model };
    return this.usage ? [this.usage, last] : [last];
  }

  /** The last events of a call that failed with `error`; tokens that were counted are paid for all the same. */
  fail(error: LlmEvent): LlmEvent[] {
    return this.usage ? [this.usage, error] : [error];
  }

  private readChoice({ delta, finish_reason: reason }: Record<string, unknown>, said: LlmEvent[]): void {
    if (isRecord(delta)) {
      const { reasoning_content: thinking, content } = delta;
      if (isText(thinking)) said.push({ type: 'thinking', text: thinking });
      if (isText(content)) said.push({ type: 'delta', text: content });
    }
    if (isText(reason)) this.reason = doneReason(reason);
  }

  private readUsage(usage: unknown): void {
    if (!isRecord(usage)) return;
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
    if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return;
    this.usage = { type: 'usage', inputTokens, outputTokens };
  }
}

function doneReason(finishReason: string): DoneReason {
  if (finishReason === 'length' || finishReason === 'content_filter') return finishReason;
  return 'stop';
}

/** Some servers send `"error": null` with every chunk. */
function isFailure(error: unknown): boolean {
  return error !== undefined && error !== null && error !== false && error !== '';
}

function failureOf(chunk: Record<string, unknown>): LlmErrorEvent {
  const error = isRecord(chunk.error) ? chunk.error : chunk;
  return providerError({ codes: [error.code, error.type] });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
