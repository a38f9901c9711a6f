import { Inject, Injectable } from '@nestjs/common';
import { chatbotSystemText } from '../chatbots/chatbot.prompt.js';
import type { Chatbot } from '../chatbots/chatbot.entity.js';
import { ENV, type Env } from '../config/env.js';
import type { LlmRequest } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { countTokens } from '../llm/token-counter.js';
import type { Topic } from '../topics/topic.entity.js';
import { topicSystemText } from '../topics/topic.prompt.js';
import { Branches } from './branches.js';
import {
  ContextWindow,
  type CountedMessage,
  MESSAGE_OVERHEAD_TOKENS,
  type PastTurn,
  tokensOf,
} from './context-window.js';
import { Conversation } from './conversation.entity.js';
import type { Message } from './message.entity.js';
import { cutToTokens } from './summary.text.js';

/** What is kept free for the answer where nothing bounds it: this much, or a quarter of a small context. */
const ANSWER_TOKENS = 4_096;
/** The part of what the model may be shown that a summary has at most. */
const MAX_SUMMARY_SHARE = 0.25;

/** Everything that a turn's request is made of, but the history. */
export interface PromptSetting {
  conversation: Conversation;
  chatbot: Chatbot | null;
  topic: Topic | null;
}

/** What is asked of a model. */
export interface BuiltPrompt {
  request: LlmRequest;
  /** Tokens of what was said, the prompt included; of what the model does not see, at least the newest turn. */
  spoken: number;
}

/** The summary tells of another branch: a turn goes on without it. */
export function withoutSummary(setting: PromptSetting): PromptSetting {
  const forgotten = { summary: null, summaryUntil: 0 };
  return { ...setting, conversation: Object.assign(new Conversation(), setting.conversation, forgotten) };
}

/** Makes what the model sees: system text, past turns as far as they fit, and the prompt, once. */
@Injectable()
export class TurnPrompt {
  constructor(
    private readonly branches: Branches,
    private readonly models: LanguageModels,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Tokens that system text, history and prompt may have together. */
  budget({ chatbot }: PromptSetting): number {
    const context = this.models.contextTokens(chatbot?.provider, chatbot?.model);
    return context - this.answerShare(context);
  }

  /** Tokens that are kept free for the answer. */
  answerTokens({ chatbot }: PromptSetting): number {
    return this.answerShare(this.models.contextTokens(chatbot?.provider, chatbot?.model));
  }

  /** Tokens of the system text that goes before everything. */
  systemTokens(setting: PromptSetting): number {
    return countTokens(this.systemText(setting));
  }

  /** Tokens that what was said, and the prompt, may have together. */
  room(setting: PromptSetting): number {
    return Math.max(0, this.budget(setting) - this.systemTokens(setting) - MESSAGE_OVERHEAD_TOKENS);
  }

  /** The branch may have become another one since the conversation was read: its summary is looked at once more. */
  async build(asRead: PromptSetting, prompt: Message): Promise<BuiltPrompt> {
    const isSummarized = await this.branches.isSummarized(asRead.conversation, prompt);
    const setting = isSummarized ? asRead : withoutSummary(asRead);
    const system = this.systemText(setting);
    const fixed = {
      system: system === '' ? [] : [counted('system', system)],
      prompt: countedMessage(prompt),
    };
    const window = new ContextWindow(fixed, this.budget(setting));
    let leftOut = 0;
    for await (const turn of this.pastTurns(setting.conversation, prompt)) {
      if (window.prepend(turn)) continue;
      leftOut = tokensOf(turn);
      break;
    }
    const spoken = tokensOf([fixed.prompt]) + window.tokens + leftOut;
    return { request: this.requestOf(setting, window), spoken };
  }

  private requestOf(setting: PromptSetting, window: ContextWindow): LlmRequest {
    const temperature = setting.chatbot?.temperature ?? this.env.TEMPERATURE;
    return {
      messages: window.messages(),
      ...(setting.chatbot?.model && { model: setting.chatbot.model }),
      ...(temperature !== undefined && { temperature }),
      ...(this.env.LLM_MAX_OUTPUT_TOKENS && { maxOutputTokens: this.env.LLM_MAX_OUTPUT_TOKENS }),
    };
  }

  private systemText(setting: PromptSetting): string {
    const { conversation, chatbot, topic } = setting;
    // It was made for the context of another model, perhaps: it must leave room for what is said.
    const summary = cutToTokens(
      conversation.summary ?? '',
      Math.floor(this.budget(setting) * MAX_SUMMARY_SHARE),
    );
    const parts = [
      this.env.SYSTEM_PROMPT ?? '',
      chatbot ? chatbotSystemText(speakingOn(topic, chatbot)) : '',
      topic ? topicSystemText(topic) : '',
      summary === '' ? '' : `What was said before:\n${summary}`,
    ];
    return parts.filter((part) => part !== '').join('\n\n');
  }

  private answerShare(context: number): number {
    return Math.min(this.env.LLM_MAX_OUTPUT_TOKENS ?? ANSWER_TOKENS, Math.floor(context / 4));
  }

  /** The turns before the prompt on its branch, newest first, as far back as the summary reaches. */
  private async *pastTurns(conversation: Conversation, prompt: Message): AsyncIterable<PastTurn> {
    const start = { id: prompt.replyTo, below: prompt.seq, until: conversation.summaryUntil };
    let answer: Message | undefined;
    for await (const message of this.branches.back(conversation, start)) {
      if (message.role === 'user') yield turnOf(message, answer);
      answer = message.role === 'assistant' && message.content !== '' ? message : undefined;
    }
  }
}

/** Two languages to answer in are none: the topic's counts. */
function speakingOn(topic: Topic | null, chatbot: Chatbot): Parameters<typeof chatbotSystemText>[0] {
  return topic?.replyLanguage ? { ...chatbot, replyLanguage: null } : chatbot;
}

function turnOf(message: Message, answer: Message | undefined): PastTurn {
  return answer ? [countedMessage(message), countedMessage(answer)] : [countedMessage(message)];
}

function countedMessage({ role, content, contentTokens }: Message): CountedMessage {
  return { role, content, tokens: contentTokens ?? countTokens(content) };
}

function counted(role: 'system', content: string): CountedMessage {
  return { role, content, tokens: countTokens(content) };
}
