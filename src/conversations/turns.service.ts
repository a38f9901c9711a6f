import { Injectable } from '@nestjs/common';
import { Semaphore } from 'async-mutex';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { countTokens } from '../llm/token-counter.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import { ConversationsService } from './conversations.service.js';
import { MessageDto } from './dto/message.dto.js';
import type { SendMessageDto } from './dto/turn.dto.js';
import { isFinal, type Message } from './message.entity.js';
import { MessagesService } from './messages.service.js';
import { TurnEngine } from './turn.engine.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';
import { TurnSettings } from './turn.settings.js';
import { fingerprint, type StoredTurn, TurnStore } from './turn.store.js';

const STOP_PATIENCE_MS = 3_000;
const STOP_POLL_MS = 50;

/** How many turns are begun at a time: of a crowd that comes at once all would share the processor and be last together. */
const BEGUN_AT_ONCE = 8;

/** What users do with turns: begin one, have an answer made again, stop it. */
@Injectable()
export class TurnsService {
  private readonly gate = new Semaphore(BEGUN_AT_ONCE);

  constructor(
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly settings: TurnSettings,
    private readonly prompt: TurnPrompt,
    private readonly store: TurnStore,
    private readonly engine: TurnEngine,
  ) {}

  /**
   * Stores the user's message and begins its answer; with a key that was used before, finds that turn again.
   * @throws AppError not_found, turn_running, chatbot_deleted, provider_not_configured, idempotency_key_reused
   */
  send(ownerId: number, conversationId: number, dto: SendMessageDto, key?: string): Promise<StoredTurn> {
    return this.gate.runExclusive(() => this.accept(ownerId, conversationId, dto, key));
  }

  private async accept(
    ownerId: number,
    conversationId: number,
    { content }: SendMessageDto,
    key?: string,
  ): Promise<StoredTurn> {
    this.engine.assertAccepting();
    const conversation = await this.conversations.findOwned(ownerId, conversationId);
    const idempotency = key ? { key, requestHash: fingerprint('send', conversationId, content) } : undefined;
    const replay = await this.store.findReplay(ownerId, idempotency);
    if (replay) return replay;
    const setting = await this.settings.of(conversation);
    const prompt = { content, contentTokens: countTokens(content) };
    this.refuseTooLong(setting, prompt.contentTokens);
    return this.begin(setting, await this.store.create(conversation, prompt, idempotency));
  }

  /**
   * Begins another answer to the conversation's last prompt; the earlier one stays.
   * @throws AppError not_found, not_latest_answer, turn_running, chatbot_deleted, provider_not_configured,
   *   idempotency_key_reused
   */
  async regenerate(ownerId: number, messageId: number, key?: string): Promise<StoredTurn> {
    this.engine.assertAccepting();
    const answer = await this.messages.findOwned(ownerId, messageId);
    const idempotency = key ? { key, requestHash: fingerprint('regenerate', messageId) } : undefined;
    const replay = await this.store.findReplay(ownerId, idempotency);
    if (replay) return replay;
    if (answer.role !== 'assistant') throw new AppError('not_latest_answer');
    const conversation = await this.conversations.findOwned(ownerId, answer.conversationId);
    const setting = await this.settings.of(conversation);
    return this.begin(setting, await this.store.createAnswer(conversation, answer, idempotency));
  }

  /** Stops an answer, wherever it is being written, and gives it as it then is. Stopping an ended one changes nothing. */
  async stop(ownerId: number, messageId: number): Promise<MessageDto> {
    const message = await this.messages.findOwned(ownerId, messageId);
    if (isFinal(message.status)) return MessageDto.from(message);
    if (!(await this.engine.stop(messageId))) await this.stopElsewhere(ownerId, messageId);
    return MessageDto.from(await this.messages.findOwned(ownerId, messageId));
  }

  /** Deletes a conversation; its running turn, if there is one, ends at once. @throws AppError not_found */
  async deleteConversation(ownerId: number, conversationId: number): Promise<void> {
    const running = await this.messages.findRunning(ownerId, conversationId);
    await this.conversations.delete(ownerId, conversationId);
    if (running) this.engine.abandon(running.id);
  }

  private async begin(setting: PromptSetting, stored: StoredTurn): Promise<StoredTurn> {
    if (stored.replayed) return stored;
    const { userMessage, assistantMessage } = stored;
    const request = () => this.prompt.build(setting, userMessage);
    await this.engine.start({
      userMessage,
      assistantMessage,
      request,
      model: this.settings.modelOf(setting),
    });
    return stored;
  }

  /** Another process writes it: its next sign of life finds the request. */
  private async stopElsewhere(ownerId: number, messageId: number): Promise<void> {
    await this.messages.requestStop(ownerId, messageId);
    for (let waited = 0; waited < STOP_PATIENCE_MS; waited += STOP_POLL_MS) {
      const message: Message = await this.messages.findOwned(ownerId, messageId);
      if (isFinal(message.status)) return;
      await sleep(STOP_POLL_MS);
    }
  }

  /** What no model could read is refused before anything is stored. */
  private refuseTooLong(setting: PromptSetting, tokens: number): void {
    const room =
      this.prompt.budget(setting) - this.prompt.systemTokens(setting) - 2 * MESSAGE_OVERHEAD_TOKENS;
    if (tokens <= room) return;
    const message = fieldMessage('isTooLongForModel', [Math.max(0, room)]);
    throw new AppError('invalid_input', { errors: [{ field: 'content', message }] });
  }
}
