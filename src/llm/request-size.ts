import { setImmediate } from 'node:timers/promises';
import type { LlmMessage, LlmRequest } from './language-model.js';
import { countTokens } from './token-counter.js';

/** What a provider adds around each message: its role and the marks around it, rounded up. */
export const MESSAGE_OVERHEAD_TOKENS = 6;

/**
 * Whether the messages, and the answer as far as its length is limited, fit into so many tokens. An estimate (see
 * `countTokens`), made message by message: counting a long history must not hold up everybody else.
 */
export async function fits({ messages, maxOutputTokens = 0 }: LlmRequest, limit: number): Promise<boolean> {
  let left = limit - maxOutputTokens - messages.length * MESSAGE_OVERHEAD_TOKENS - tokensOfImages(messages);
  // A token has at least one byte: most requests need no counting.
  if (messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) <= left) return true;
  for (const { content } of messages) {
    left -= countTokens(content);
    if (left < 0) return false;
    await setImmediate();
  }
  return true;
}

/** What the pictures of messages take of the context. */
export function tokensOfImages(messages: LlmMessage[]): number {
  return messages.flatMap(({ images = [] }) => images).reduce((sum, { tokens }) => sum + tokens, 0);
}

export function hasImages({ messages }: LlmRequest): boolean {
  return messages.some(({ images }) => images !== undefined && images.length > 0);
}
