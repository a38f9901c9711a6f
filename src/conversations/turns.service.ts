import { Injectable } from '@nestjs/common';
import { Semaphore } from 'async-mutex';
import { setTimeout as sleep } from 'node:timers/promises';
import { chosen, fingerprint, type Idempotency, keyed } from '../common/idempotency.js';
import { ConversationsService } from './conversations.service.js';
import { MessageDto } from './dto/message.dto.js';
import type { FirstMessageDto, RegenerateDto } from './dto/turn.dto.js';
import { isFinal, type Message } from './message.entity.js';
import { MessagesService } from './messages.service.js';
import { type AcceptedTurn, carriedFiles, type NewMessage, TurnAcceptance } from './turn.acceptance.js';
import { TurnEngine } from './turn.engine.js';
import { type StoredTurn, TurnReplays } from './turn.replays.js';
import { TurnStarter } from './turn.starter.js';
import { PromptRewordedError } from './turn.store.js';

const STOP_PATIENCE_MS = 3_000;
const STOP_POLL_MS = 20;

/** How many turns are begun at a time: of a crowd that comes at once all would share the processor and be last together. */
const BEGUN_AT_ONCE = 24;

/** Told that a user has stopped an answer. */
export type StopListener = (ownerId: number, messageId: number) => Promise<void>;

/** What users do with turns: begin one, have an answer made again, stop it. */
@Injectable()
export class TurnsService {
  private readonly gate = new Semaphore(BEGUN_AT_ONCE);
  private onStop: StopListener = () => Promise.resolve();

  constructor(
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly replays: TurnReplays,
    private readonly acceptance: TurnAcceptance,
    private readonly starter: TurnStarter,
    private readonly engine: TurnEngine,
  ) {}

  /**
   * Begins a conversation with what the user says first in it, and with what it is to be with: all of it, or nothing.
   * Otherwise as `send`.
   * @throws AppError as `send` does; not_found also for chatbot and topic
   */
  async begin(ownerId: number, dto: FirstMessageDto, key?: string): Promise<StoredTurn> {
    const { content, fileIds, chatbotId, topicId, onDisconnect } = dto;
    const print = fingerprint('begin', content, ...chosen({ chatbotId, topicId, onDisconnect, fileIds }));
    await this.acceptance.ready(ownerId, dto);
    return this.once(ownerId, keyed(key, print), (idempotency) =>
      this.acceptance.first(ownerId, dto, idempotency),
    );
  }

  /**
   * Stores the user's message, with files of his where it names some, and begins its answer; with a key that was used
   * before, finds that turn again. A key with a space in it can be none of a client's.
   * @throws AppError not_found, invalid_input, turn_running, chatbot_deleted, provider_not_configured,
   *   idempotency_key_reused, file_not_ready, file_not_usable, model_cannot_see, quota_exceeded, too_many_turns,
   *   rate_limited, shutting_down, events_unavailable
   */
  async send(ownerId: number, conversationId: number, dto: NewMessage, key?: string): Promise<StoredTurn> {
    const { content, replyTo, onDisconnect } = dto;
    const said = chosen({ replyTo, onDisconnect, fileIds: carriedFiles(dto) });
    const print = fingerprint('send', conversationId, content, ...said);
    await this.acceptance.ready(ownerId, dto);
    return this.once(ownerId, keyed(key, print), (idempotency) =>
      this.acceptance.message(ownerId, conversationId, dto, idempotency),
    );
  }

  /**
   * Begins an answer to a user's message, which is named itself or by an answer that it has. All of its answers stay;
   * the conversation goes on from the new one.
   * @throws AppError as `send` does; not_found also for an answer that follows no message of the user's
   */
  regenerate(ownerId: number, messageId: number, dto: RegenerateDto, key?: string): Promise<StoredTurn> {
    const print = fingerprint('regenerate', messageId, ...chosen(dto));
    return this.once(ownerId, keyed(key, print), async (idempotency) => {
      for (;;) {
        const prompt = await this.messages.findPrompt(ownerId, messageId);
        const conversation = await this.conversations.findOwned(ownerId, prompt.conversationId);
        try {
          return await this.acceptance.answer(conversation, prompt, dto, idempotency);
        } catch (error) {
          if (!(error instanceof PromptRewordedError)) throw error;
        }
      }
    });
  }

  /** Names who is told of answers that are stopped, ended ones included: it may still be read aloud. */
  listen(onStop: StopListener): void {
    this.onStop = onStop;
  }

  /** Stops an answer, wherever it is being written, and gives it as it then is. Stopping an ended one changes nothing. */
  async stop(ownerId: number, messageId: number): Promise<MessageDto> {
    const message = await this.messages.findOwned(ownerId, messageId);
    await this.onStop(ownerId, messageId);
    if (isFinal(message.status)) return MessageDto.from(message);
    if (!(await this.engine.stop(messageId))) await this.stopElsewhere(ownerId, messageId);
    return MessageDto.from(await this.messages.findOwned(ownerId, messageId));
  }

  /** Deletes a conversation; its running turn, if there is one, ends at once. @throws AppError not_found */
  async deleteConversation(ownerId: number, conversationId: number): Promise<void> {
    const running = await this.messages.findRunning(ownerId, conversationId);
    // Told first: the process that runs it is told by its row, which is about to go.
    if (running && !this.engine.runs(running.id)) await this.engine.requestStop(ownerId, running.id);
    await this.conversations.delete(ownerId, conversationId, (manager) =>
      this.acceptance.takeBack(manager, ownerId, conversationId),
    );
    if (running) this.engine.abandon(running.id);
  }

  /** Whatever has a key is done once: what the key has made is looked for before, and by whom loses a race. */
  private once(
    ownerId: number,
    idempotency: Idempotency | undefined,
    accept: (idempotency: Idempotency | undefined) => Promise<AcceptedTurn>,
  ): Promise<StoredTurn> {
    return this.gate.runExclusive(async () => {
      const replay = await this.replays.find(ownerId, idempotency);
      if (replay) return replay;
      this.engine.assertAccepting();
      const { stored, setting } = await accept(idempotency);
      if (!stored.replayed) await this.starter.begin(setting, stored.userMessage, stored.assistantMessage);
      return stored;
    });
  }

  /** Another process writes it, and ends it as soon as it hears of the request. */
  private async stopElsewhere(ownerId: number, messageId: number): Promise<void> {
    await this.engine.requestStop(ownerId, messageId);
    for (let waited = 0; waited < STOP_PATIENCE_MS; waited += STOP_POLL_MS) {
      const message: Message = await this.messages.findOwned(ownerId, messageId);
      if (isFinal(message.status)) return;
      await sleep(STOP_POLL_MS);
    }
  }
}
