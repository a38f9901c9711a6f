import type { LlmEvent } from './language-model.js';
import { protocolError, ProviderProtocolError } from './network-errors.js';

type DoneReason = Extract<LlmEvent, { type: 'done' }>['reason'];

/**
 * Understands the chunks of one chat completion. Nothing about their shape is believed: "OpenAI-compatible" servers
 * leave out and add what they like.
 */
export class OpenAiAnswer {
  private reason: DoneReason | undefined;
  private usage: LlmEvent | undefined;

  constructor(private model: string) {}

  /** A finish_reason came: what was said is whole, whatever becomes of the connection now. */
  get finished(): boolean {
    return this.reason !== undefined;
  }

  /** @throws ProviderProtocolError for what is no chunk at all. */
  *read(chunk: unknown): Generator<LlmEvent> {
    if (!isRecord(chunk)) throw new ProviderProtocolError();
    if (typeof chunk.model === 'string' && chunk.model !== '') this.model = chunk.model;
    this.readUsage(chunk.usage);
    // No choices: the chunk with the usage, or a content filter's report on the prompt.
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!isRecord(choice)) return;
    if (isRecord(choice.delta)) {
      const { reasoning_content: thinking, content } = choice.delta;
      if (typeof thinking === 'string' && thinking !== '') yield { type: 'thinking', text: thinking };
      if (typeof content === 'string' && content !== '') yield { type: 'delta', text: content };
    }
    if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') {
      this.reason = doneReason(choice.finish_reason);
    }
  }

  /** The last events of a stream that ended by itself. */
  *end(): Generator<LlmEvent> {
    if (this.usage) yield this.usage;
    if (this.reason === undefined) yield protocolError();
    else yield { type: 'done', reason: this.reason, model: this.model };
  }

  /** The last events of a call that failed with `error`; tokens that were counted are paid for all the same. */
  *fail(error: LlmEvent): Generator<LlmEvent> {
    if (this.usage) yield this.usage;
    yield error;
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
