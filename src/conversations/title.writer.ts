import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AsidesService } from './asides.service.js';
import { Conversation } from './conversation.entity.js';
import { Message } from './message.entity.js';
import { readTitle, TITLE_TASK } from './title.text.js';

/** Models that think need some to think with. */
const TITLE_TOKENS = 1_000;
/** A model may think for long; what is not there by then does not come. */
const TIMEOUT_MS = 60_000;

/** The model gave no title; the job is tried again. */
class NoTitleError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Has a conversation's model give it its title. Running twice at once is harmless: the first title stays. */
@Injectable()
export class TitleWriter {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly asides: AsidesService,
  ) {}

  /** @param messageId the answer of the turn that the title is made of @throws NoTitleError */
  async write(ownerId: number, messageId: number, signal: AbortSignal): Promise<void> {
    const answer = await this.messages.findOneBy({ id: messageId, ownerId, role: 'assistant' });
    const prompt = await this.messages.findOneBy({ id: answer?.replyTo ?? 0, ownerId });
    if (!answer || !prompt) return;
    const untitled = { id: answer.conversationId, ownerId, titleSource: 'auto' as const };
    const conversation = await this.conversations.findOneBy(untitled);
    const setting = conversation && (await this.asides.settingOf(conversation));
    if (!setting) return;
    const shown = { question: prompt.content, answer: answer.content };
    const messages = this.asides.requestAbout(setting, TITLE_TASK, shown);
    const clock = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const { text, done, error } = await this.asides.ask(
      setting,
      { messages, maxOutputTokens: TITLE_TOKENS },
      clock,
    );
    const title = done && !error ? readTitle(text) : null;
    if (title === null) throw new NoTitleError(error?.code ?? 'no_title');
    // Whoever has renamed it meanwhile has the last word.
    await this.conversations.update(untitled, { title, titleSource: 'model', updatedAt: new Date() });
  }
}
