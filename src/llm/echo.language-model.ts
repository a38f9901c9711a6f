import { setTimeout as delay } from 'node:timers/promises';
import { LanguageModel, type LlmEvent, type LlmRequest } from './language-model.js';
import { countTokens } from './token-counter.js';

export interface EchoOptions {
  /** Milliseconds between two pieces. */
  delayMs?: number;
}

/** An echo has at most so many pieces, so that a long prompt is not repeated for minutes. */
const MAX_PIECES = 400;

const TEXTS = {
  zh: {
    notice:
      '当前没有配置语言模型，所以我只能重复您的话。请设置 OPENAI_API_KEY 或 DASHSCOPE_API_KEY，然后重新启动服务。',
    blind: '您发来的图片我也看不见。',
    said: '您刚才说：',
  },
  en: {
    notice:
      'No language model is configured, so all I can do is repeat you. Set OPENAI_API_KEY or DASHSCOPE_API_KEY and start the server again.',
    blind: 'I cannot see the pictures that came with it either.',
    said: 'You said:',
  },
};

/**
 * `LanguageModel` for an installation without any provider: it says what is missing, in the language of the prompt,
 * and repeats the prompt, in small pieces like a real model. It works without a network, so that everything around a
 * conversation can be tried at once.
 */
export class EchoLanguageModel extends LanguageModel {
  readonly provider = 'echo';
  readonly defaultModel = 'echo';

  constructor(private readonly options: EchoOptions = {}) {
    super();
  }

  override async *stream(request: LlmRequest, signal: AbortSignal): AsyncGenerator<LlmEvent> {
    const last = request.messages.findLast(({ role }) => role === 'user');
    const prompt = last?.content ?? '';
    const { notice, blind, said } = /\p{Script=Han}/u.test(prompt) ? TEXTS.zh : TEXTS.en;
    const parts = [notice, ...(last?.images?.length ? [blind] : []), said, prompt];
    const limit = request.maxOutputTokens ?? Infinity;
    let outputTokens = 0;
    let reason: 'stop' | 'length' = 'stop';
    for (const text of pieces(parts.join('\n\n'))) {
      const tokens = countTokens(text);
      if (outputTokens + tokens > limit) {
        reason = 'length';
        break;
      }
      if (!(await this.pause(signal))) return;
      outputTokens += tokens;
      yield { type: 'delta', text };
    }
    if (signal.aborted) return;
    const inputTokens = request.messages.reduce((sum, { content }) => sum + countTokens(content), 0);
    yield { type: 'usage', inputTokens, outputTokens };
    yield { type: 'done', reason, model: this.defaultModel };
  }

  /** False when the signal ended the pause. */
  private async pause(signal: AbortSignal): Promise<boolean> {
    try {
      await delay(this.options.delayMs ?? 15, undefined, { signal });
      return true;
    } catch {
      return false;
    }
  }
}

/** Words, which never divide a character as a reader sees it; several in one piece where there are very many. */
function pieces(text: string): string[] {
  const words = Array.from(
    new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text),
    ({ segment }) => segment,
  );
  const size = Math.max(1, Math.ceil(words.length / MAX_PIECES));
  const joined: string[] = [];
  for (let i = 0; i < words.length; i += size) joined.push(words.slice(i, i + size).join(''));
  return joined;
}
