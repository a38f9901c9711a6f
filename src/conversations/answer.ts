import type { LlmEvent, LlmRequest } from '../llm/language-model.js';

/** An answer as it comes out of a model: the fold over its events. */
export class Answer {
  text = '';
  request: LlmRequest | undefined;
  provider: string | null = null;
  model: string | null = null;
  usage: { inputTokens: number; outputTokens: number } | undefined;
  error: { code: string; providerCode: string | null } | undefined;
  /** The model said that it is done. */
  done = false;

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
        this.done = true;
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

  fail(code: string, providerCode?: string): void {
    this.error = { code, providerCode: providerCode?.slice(0, 100) ?? null };
  }
}
