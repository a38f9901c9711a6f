import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import type { LlmMessage, LlmRequest } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { MAX_ANSWER_LENGTH } from '../llm/model-answer.js';
import { UsageService } from '../usage/usage.service.js';
import { Answer } from './answer.js';
import { asideRequest, type ShownTurn } from './aside.prompt.js';
import type { Conversation } from './conversation.entity.js';
import { cutToTokens } from './summary.text.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';
import { TurnSettings } from './turn.settings.js';

/** The longest part of a message that is shown: enough to tell what it is about. */
const SHOWN_TOKENS = 1_500;

/** What a conversation's model is asked beside its turns. */
@Injectable()
export class AsidesService {
  constructor(
    private readonly settings: TurnSettings,
    private readonly models: LanguageModels,
    private readonly prompt: TurnPrompt,
    private readonly usage: UsageService,
  ) {}

  /** Who is asked; null where nobody would answer in this conversation any more. */
  async settingOf(conversation: Conversation): Promise<PromptSetting | null> {
    try {
      return await this.settings.of(conversation);
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  /** Whether there is a model to ask: the echo model can only repeat. */
  canAsk({ chatbot }: PromptSetting): boolean {
    return (chatbot?.provider ?? this.models.defaultProvider) !== 'echo';
  }

  /** Asks for something about one turn, in the conversation's language; long messages are cut. */
  requestAbout(setting: PromptSetting, task: string, { question, answer }: ShownTurn): LlmMessage[] {
    const most = Math.min(SHOWN_TOKENS, Math.floor(this.prompt.budget(setting) / 4));
    const shown = { question: cutToTokens(question, most), answer: cutToTokens(answer, most) };
    return asideRequest(setting, task, shown);
  }

  /**
   * Books what it used, also of what failed. Never throws for what a model does; aborting closes its socket. An answer
   * of the echo model, which may stand in for another one, is none.
   */
  async ask(
    setting: PromptSetting,
    request: Required<Pick<LlmRequest, 'messages' | 'maxOutputTokens'>>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { conversation, chatbot } = setting;
    const maxOutputTokens = Math.min(request.maxOutputTokens, this.prompt.answerTokens(setting));
    const answer = new Answer();
    answer.request = { ...request, maxOutputTokens, ...(chatbot?.model && { model: chatbot.model }) };
    for await (const event of this.settings.modelOf(setting).stream(answer.request, signal)) {
      answer.take(event);
      if (answer.text.length > MAX_ANSWER_LENGTH) answer.fail('llm_too_long');
      if (answer.error) break;
    }
    if (answer.provider === 'echo') answer.fail('llm_unavailable');
    const { usageEstimated: estimated, ...tokens } = answer.cost();
    await this.usage.book(conversation.ownerId, { ...tokens, estimated });
    return answer;
  }
}
