import { setImmediate } from 'node:timers/promises';
import type { LlmMessage } from '../llm/language-model.js';
import { MESSAGE_OVERHEAD_TOKENS } from '../llm/request-size.js';
import { countTokens } from '../llm/token-counter.js';
import { CompletionFailedError } from './completion-failure.js';

/** What was said before, as whoever asks remembers it. */
export interface SaidBefore {
  role: 'user' | 'assistant';
  content: string;
}

/** How much of what was said before is looked at. */
export interface HistoryLimits {
  messages: number;
  characters: number;
}

/**
 * The newest messages within the limits, oldest first. Messages are whole: one that does not fit ends the memory. Where
 * the last one is the prompt itself, which a client may have entered already, it is left out.
 */
export function recent(history: readonly SaidBefore[], prompt: string, limits: HistoryLimits): SaidBefore[] {
  const last = history.at(-1);
  const isPrompt = last?.role === 'user' && last.content.trim() === prompt.trim();
  const before = isPrompt ? history.slice(0, -1) : history;
  const newest = before.slice(-limits.messages);
  let left = limits.characters;
  const from = newest.findLastIndex(({ content }) => (left -= content.length) < 0);
  return newest.slice(from + 1);
}

/**
 * What a model is sent: system text, as many of the newest messages as fit, and the prompt, once.
 * @param budget tokens of all of it
 * @throws CompletionFailedError context_length: the prompt alone does not fit
 */
export async function windowOf(
  said: { system: string; history: readonly SaidBefore[]; prompt: string },
  budget: number,
): Promise<LlmMessage[]> {
  const system = said.system === '' ? [] : [{ role: 'system' as const, content: said.system }];
  const prompt: LlmMessage = { role: 'user', content: said.prompt };
  let left = [...system, prompt].reduce((rest, { content }) => rest - tokensOf(content), budget);
  if (left < 0) throw new CompletionFailedError('context_length');
  const shown: LlmMessage[] = [];
  for (const { role, content } of said.history.toReversed()) {
    left -= tokensOf(content);
    if (left < 0) break;
    shown.unshift({ role, content });
    // Counting a long history must not hold up everybody else.
    await setImmediate();
  }
  return [...system, ...shown, prompt];
}

function tokensOf(content: string): number {
  return countTokens(content) + MESSAGE_OVERHEAD_TOKENS;
}
