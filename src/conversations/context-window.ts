import type { StoredFile } from '../files/stored-file.entity.js';
import type { LlmMessage } from '../llm/language-model.js';

/** What a message costs beside its text: the role and the marks around it, rounded up. */
export const MESSAGE_OVERHEAD_TOKENS = 6;

/** A message as it is sent, its pictures not read yet. */
export interface SeenMessage extends Omit<LlmMessage, 'images'> {
  pictures?: StoredFile[];
}

/** A message with what it takes of the context, its pictures included. */
export interface CountedMessage extends SeenMessage {
  tokens: number;
}

/** One turn of the past: what the user said, and the answer where there is one; or an answer that stands alone. */
export type PastTurn = CountedMessage[];

/** Tokens of a list of messages, their marks included. */
export function tokensOf(messages: CountedMessage[]): number {
  return messages.reduce((sum, message) => sum + message.tokens + MESSAGE_OVERHEAD_TOKENS, 0);
}

/** Takes whole turns, newest first, as long as they fit: a turn that does not fit ends the memory there. */
export class ContextWindow {
  /** Tokens of the turns that are in. */
  tokens = 0;
  private readonly turns: PastTurn[] = [];
  private left: number;

  /** @param budget tokens for everything that is sent, `fixed` (system text and prompt) included */
  constructor(
    private readonly fixed: { system: CountedMessage[]; prompt: CountedMessage },
    budget: number,
  ) {
    this.left = budget - tokensOf([...fixed.system, fixed.prompt]);
  }

  /** Puts a turn before those that are in already; false where it does not fit, which ends it. */
  prepend(turn: PastTurn): boolean {
    const tokens = tokensOf(turn);
    this.left -= tokens;
    if (this.left < 0) return false;
    this.tokens += tokens;
    this.turns.unshift(turn);
    return true;
  }

  /** System text, past turns oldest first, and the prompt, once. */
  messages(): SeenMessage[] {
    const all = [...this.fixed.system, ...this.turns.flat(), this.fixed.prompt];
    return all.map(({ role, content, pictures }) => ({ role, content, ...(pictures && { pictures }) }));
  }
}
