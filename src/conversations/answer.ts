import type { LlmEvent, LlmRequest } from '../llm/language-model.js';
import { tokensOfImages } from '../llm/request-size.js';
import { countTokens } from '../llm/token-counter.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import type { FinishReason } from './message.entity.js';

/** What a model call used, in tokens. */
export interface TokenCost {
  inputTokens: number;
  outputTokens: number;
  usageEstimated: boolean;
}

/** An answer as it comes out of a model: the fold over its events. */
export class Answer {
  text = '';
  request: LlmRequest | undefined;
  provider: string | null = null;
  model: string | null = null;
  usage: { inputTokens: number; outputTokens: number } | undefined;
  error: { code: string; providerCode: string | null } | undefined;
  /** The model said that it is done, and why. */
  finishReason: FinishReason | null = null;

  /** Whether the model said that it is done. */
  get done(): boolean {
    return this.finishReason !== null;
  }

  /** Takes the event in, and returns the text that it adds. U+0000 is left out: SQLite's readers end there. */
  take(event: LlmEvent): string {
    const before = this.text.length;
    switch (event.type) {
      case 'start':
        this.provider = event.provider;
        this.model = event.model;
        break;
      case 'delta':
        this.text += event.text.replaceAll('\0', '');
        break;
      case 'usage':
        this.usage = { inputTokens: event.inputTokens, outputTokens: event.outputTokens };
        break;
      case 'done':
        this.finishReason = event.reason;
        this.model = event.model ?? this.model;
        if (event.reason === 'content_filter' && this.text === '') this.fail('llm_content_filter');
        break;
      case 'error':
        this.fail(`llm_${event.kind}`, event.providerCode);
        break;
      case 'thinking':
        break;
    }
    return this.text.slice(before);
  }

  /**
   * Tokens as the provider counted them; our own count where it sent none, as after a stop. Nothing was used where
   * nobody answered.
   */
  cost(textTokens = countTokens(this.text)): TokenCost {
    if (this.usage) return { ...this.usage, usageEstimated: false };
    if (this.provider === null && this.text === '')
      return { inputTokens: 0, outputTokens: 0, usageEstimated: true };
    const messages = this.request?.messages ?? [];
    const inputTokens = messages.reduce(
      (sum, { content }) => sum + countTokens(content) + MESSAGE_OVERHEAD_TOKENS,
      tokensOfImages(messages),
    );
    return { inputTokens, outputTokens: textTokens, usageEstimated: true };
  }

  fail(code: string, providerCode?: string): void {
    this.error = { code, providerCode: providerCode?.slice(0, 100) ?? null };
  }
}
