import { Inject, Injectable } from '@nestjs/common';
import { chatbotSystemText } from '../chatbots/chatbot.prompt.js';
import type { Chatbot } from '../chatbots/chatbot.entity.js';
import { ENV, type Env } from '../config/env.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { answerTokensOf } from '../llm/context-size.js';
import type { LlmRequest } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { countTokens } from '../llm/token-counter.js';
import type { Topic } from '../topics/topic.entity.js';
import { topicSystemText } from '../topics/topic.prompt.js';
import { Branches } from './branches.js';
import { ContextWindow, MESSAGE_OVERHEAD_TOKENS, type PastTurn, tokensOf } from './context-window.js';
import { Conversation } from './conversation.entity.js';
import type { Message } from './message.entity.js';
import { cutToTokens } from './summary.text.js';
import { DOCUMENTS_SHARE, TurnDocuments } from './turn.documents.js';
import { type PictureShow, TurnPictures } from './turn.pictures.js';

/** The part of what the model may be shown that a summary has at most. */
const MAX_SUMMARY_SHARE = 0.25;

/** Everything that a turn's request is made of, but the history and what it carries. */
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
  return changed(setting, forgotten);
}

/** The prompt brings documents. */
export function withDocuments(setting: PromptSetting): PromptSetting {
  return changed(setting, { hasDocuments: true });
}

function changed(setting: PromptSetting, changes: Partial<Conversation>): PromptSetting {
  return { ...setting, conversation: Object.assign(new Conversation(), setting.conversation, changes) };
}

/** Makes what the model sees: system text, documents, past turns as far as they fit, and the prompt, once. */
@Injectable()
export class TurnPrompt {
  constructor(
    private readonly branches: Branches,
    private readonly models: LanguageModels,
    private readonly documents: TurnDocuments,
    private readonly pictures: TurnPictures,
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

  /** Tokens of a prompt that carries these files. */
  promptTokens({ chatbot }: PromptSetting, content: string, files: StoredFile[]): number {
    return this.pictures.tokens(chatbot, content, files);
  }

  /** Tokens of the system text that goes before everything. */
  systemTokens(setting: PromptSetting): number {
    return countTokens(this.systemText(setting));
  }

  /** Tokens that what was said, and the prompt, may have together; documents have theirs beside it. */
  room(setting: PromptSetting): number {
    return this.free(setting) - this.documentRoom(setting);
  }

  /** Tokens that the documents of a conversation may have at most. */
  documentRoom(setting: PromptSetting): number {
    return setting.conversation.hasDocuments ? documentShare(this.free(setting)) : 0;
  }

  /** The branch may have become another one since the conversation was read: its summary is looked at once more. */
  async build(asRead: PromptSetting, prompt: Message): Promise<BuiltPrompt> {
    const isSummarized = await this.branches.isSummarized(asRead.conversation, prompt);
    const setting = isSummarized ? asRead : withoutSummary(asRead);
    const show = this.pictures.show(setting.chatbot, prompt);
    const last = await show.seen(prompt);
    const own = this.systemText(setting);
    const ownTokens = countTokens(own);
    const free = this.budget(setting) - ownTokens - last.tokens - 2 * MESSAGE_OVERHEAD_TOKENS;
    const documents = await this.documents.shown(setting.conversation, prompt, documentShare(free));
    const [content, tokens] = [joined([own, documents.text]), ownTokens + documents.tokens];
    const system = content === '' ? [] : [{ role: 'system' as const, content, tokens }];
    const window = new ContextWindow({ system, prompt: last }, this.budget(setting));
    let leftOut = 0;
    for await (const turn of this.pastTurns(setting.conversation, prompt, show)) {
      if (window.prepend(turn)) continue;
      leftOut = tokensOf(turn);
      break;
    }
    const spoken = tokensOf([last]) + window.tokens + leftOut;
    return { request: await this.requestOf(setting, window), spoken };
  }

  private async requestOf(setting: PromptSetting, window: ContextWindow): Promise<LlmRequest> {
    const temperature = setting.chatbot?.temperature ?? this.env.TEMPERATURE;
    return {
      messages: await this.pictures.read(setting.chatbot, window.messages()),
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
    return joined(parts);
  }

  private free(setting: PromptSetting): number {
    return Math.max(0, this.budget(setting) - this.systemTokens(setting) - MESSAGE_OVERHEAD_TOKENS);
  }

  private answerShare(context: number): number {
    return answerTokensOf(context, this.env.LLM_MAX_OUTPUT_TOKENS);
  }

  /**
   * The turns before the prompt on its branch, newest first, as far back as the summary reaches. What was recorded may
   * stand alone: a message without an answer, or an answer that follows another one.
   */
  private async *pastTurns(
    conversation: Conversation,
    prompt: Message,
    show: PictureShow,
  ): AsyncIterable<PastTurn> {
    const start = { id: prompt.replyTo, below: prompt.seq, until: conversation.summaryUntil };
    let answer: Message | undefined;
    for await (const message of this.branches.back(conversation, start)) {
      if (message.role === 'user') yield await seenBy(show, [message, answer]);
      else if (answer) yield await seenBy(show, [answer]);
      answer = message.role === 'assistant' && message.content !== '' ? message : undefined;
    }
    if (answer) yield await seenBy(show, [answer]);
  }
}

function seenBy(show: PictureShow, messages: (Message | undefined)[]): Promise<PastTurn> {
  return Promise.all(messages.filter((message) => message !== undefined).map((one) => show.seen(one)));
}

/** Two languages to answer in are none: the topic's counts. */
function speakingOn(topic: Topic | null, chatbot: Chatbot): Parameters<typeof chatbotSystemText>[0] {
  return topic?.replyLanguage ? { ...chatbot, replyLanguage: null } : chatbot;
}

function documentShare(free: number): number {
  return Math.max(0, Math.floor(free * DOCUMENTS_SHARE));
}

function joined(parts: string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
