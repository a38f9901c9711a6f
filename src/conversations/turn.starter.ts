import { Injectable, Logger } from '@nestjs/common';
import { ConversationsService } from './conversations.service.js';
import type { Message } from './message.entity.js';
import { MessagesService } from './messages.service.js';
import { TurnEngine } from './turn.engine.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';
import { TurnSequel } from './turn.sequel.js';
import { TurnSettings } from './turn.settings.js';

/** Sets stored turns going: those of a request, and those whose process died before it had asked a model. */
@Injectable()
export class TurnStarter {
  private readonly logger = new Logger('TurnStarter');

  constructor(
    private readonly messages: MessagesService,
    private readonly conversations: ConversationsService,
    private readonly settings: TurnSettings,
    private readonly prompt: TurnPrompt,
    private readonly engine: TurnEngine,
    private readonly sequel: TurnSequel,
  ) {}

  /** Whether turns are begun in this process. */
  get accepting(): boolean {
    return this.engine.accepting;
  }

  /** Its first event can be read when this returns. */
  async begin(setting: PromptSetting, userMessage: Message, assistantMessage: Message): Promise<void> {
    let spokenBefore = 0;
    await this.engine.start({
      userMessage,
      assistantMessage,
      request: async () => {
        const { request, spoken } = await this.prompt.build(setting, userMessage);
        spokenBefore = spoken;
        return request;
      },
      model: this.settings.modelOf(setting),
      whenEnded: (ended) => this.sequel.consider(setting, ended, spokenBefore),
    });
  }

  /**
   * Takes up a turn that another process has stored and not begun; false where somebody else was faster. What its
   * conversation is set to counts as it is now.
   */
  async resume(answer: Message): Promise<boolean> {
    const { id, ownerId, conversationId, replyTo } = answer;
    if (!(await this.engine.takeOver(answer))) return false;
    try {
      const setting = await this.settings.of(await this.conversations.findOwned(ownerId, conversationId));
      const userMessage = await this.messages.findOwned(ownerId, replyTo ?? 0);
      await this.begin(setting, userMessage, Object.assign(answer, { attempt: answer.attempt + 1 }));
      return true;
    } catch (error) {
      // Its chatbot is gone, or a provider is no longer set up: the lease runs out, and in the end the attempts do.
      this.logger.warn(`turn ${id} cannot be begun: ${(error as { code?: string }).code ?? 'error'}`);
      return false;
    }
  }
}
