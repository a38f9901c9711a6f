import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, MoreThan, type Repository, And } from 'typeorm';
import { chatbotSystemText } from '../chatbots/chatbot.prompt.js';
import type { Chatbot } from '../chatbots/chatbot.entity.js';
import { ENV, type Env } from '../config/env.js';
import type { LlmRequest } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { countTokens } from '../llm/token-counter.js';
import type { Topic } from '../topics/topic.entity.js';
import { topicSystemText } from '../topics/topic.prompt.js';
import { ContextWindow, type CountedMessage, type PastTurn } from './context-window.js';
import type { Conversation } from './conversation.entity.js';
import { Message } from './message.entity.js';

const HISTORY_PAGE = 40;
/** What is kept free for the answer where nothing bounds it: this much, or a quarter of a small context. */
const ANSWER_TOKENS = 4_096;

/** Everything that a turn's request is made of, but the history. */
export interface PromptSetting {
  conversation: Conversation;
  chatbot: Chatbot | null;
  topic: Topic | null;
}

/** Makes what the model sees: system text, past turns as far as they fit, and the prompt, once. */
@Injectable()
export class TurnPrompt {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly models: LanguageModels,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Tokens that system text, history and prompt may have together. */
  budget({ chatbot }: PromptSetting): number {
    const context = this.models.contextTokens(chatbot?.provider, chatbot?.model);
    const answer = this.env.LLM_MAX_OUTPUT_TOKENS ?? ANSWER_TOKENS;
    return context - Math.min(answer, Math.floor(context / 4));
  }

  /** Tokens of the system text that goes before everything. */
  systemTokens(setting: PromptSetting): number {
    return countTokens(this.systemText(setting));
  }

  async build(setting: PromptSetting, prompt: Message): Promise<LlmRequest> {
    const system = this.systemText(setting);
    const fixed = {
      system: system === '' ? [] : [counted('system', system)],
      prompt: countedMessage(prompt),
    };
    const window = new ContextWindow(fixed, this.budget(setting));
    for await (const turn of this.pastTurns(setting.conversation, prompt)) if (!window.prepend(turn)) break;
    const temperature = setting.chatbot?.temperature ?? this.env.TEMPERATURE;
    return {
      messages: window.messages(),
      ...(setting.chatbot?.model && { model: setting.chatbot.model }),
      ...(temperature !== undefined && { temperature }),
      ...(this.env.LLM_MAX_OUTPUT_TOKENS && { maxOutputTokens: this.env.LLM_MAX_OUTPUT_TOKENS }),
    };
  }

  private systemText({ conversation, chatbot, topic }: PromptSetting): string {
    const parts = [
      this.env.SYSTEM_PROMPT ?? '',
      chatbot ? chatbotSystemText(chatbot) : '',
      topic ? topicSystemText(topic) : '',
      conversation.summary ? `What was said before:\n${conversation.summary}` : '',
    ];
    return parts.filter((part) => part !== '').join('\n\n');
  }

  /** The turns before the prompt, newest first. Of several answers to one message the newest with a text counts. */
  private async *pastTurns(
    { id, ownerId, summaryUntil }: Conversation,
    prompt: Message,
  ): AsyncIterable<PastTurn> {
    const answers = new Map<number, Message>();
    for (let before = prompt.seq, more = true; more;) {
      const page = await this.messages.find({
        where: { conversationId: id, ownerId, seq: And(LessThan(before), MoreThan(summaryUntil)) },
        order: { seq: 'DESC' },
        take: HISTORY_PAGE,
      });
      for (const message of page) {
        if (message.role === 'user') yield turnOf(message, answers.get(message.id));
        else if (message.content !== '' && message.replyTo !== null && !answers.has(message.replyTo)) {
          answers.set(message.replyTo, message);
        }
      }
      more = page.length === HISTORY_PAGE;
      before = page.at(-1)?.seq ?? 0;
    }
  }
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
