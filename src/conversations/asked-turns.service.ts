import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';
import type { TurnDto } from './dto/turn.dto.js';
import type { Message } from './message.entity.js';
import { MessagesService } from './messages.service.js';
import { TurnDelivery } from './turn.delivery.js';
import type { StoredTurn } from './turn.replays.js';
import { TurnsService } from './turns.service.js';

/** How long another turn of the conversation is waited for. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;

/** A turn that is asked for, and how it is known where it runs already. */
interface Wish {
  ownerId: number;
  conversationId: number;
  isSame: (prompt: Message) => boolean;
  begin: () => Promise<StoredTurn>;
}

/**
 * Turns for clients that wait for a whole answer and know no keys: who asks again for what is being answered gets that
 * answer, and who asks for something else waits until the conversation is free.
 */
@Injectable()
export class AskedTurnsService {
  constructor(
    private readonly turns: TurnsService,
    private readonly messages: MessagesService,
    private readonly delivery: TurnDelivery,
  ) {}

  /**
   * Says something at the end of the active branch. The turn goes on to its end, whoever waits for it.
   * @returns the turn as it has ended: the answer's status says how
   * @throws AppError as `TurnsService.send`; turn_running where another turn takes longer than a minute
   */
  say(ownerId: number, conversationId: number, content: string): Promise<TurnDto> {
    return this.whole({
      ...{ ownerId, conversationId, isSame: (prompt) => prompt.content === content },
      begin: () => this.turns.send(ownerId, conversationId, { content }),
    });
  }

  /**
   * Has a user's message answered, perhaps in other words. One that has no answer is reworded; of one that has, the
   * other words are another message beside it, on a branch of their own. The same words are answered once more.
   * @returns as `say`
   * @throws AppError as `say`; not_found
   */
  async answer(ownerId: number, promptId: number, content: string): Promise<TurnDto> {
    const { conversationId, replyTo } = await this.messages.findPrompt(ownerId, promptId);
    return this.whole({
      ...{ ownerId, conversationId },
      isSame: (prompt) =>
        prompt.content === content && (prompt.id === promptId || prompt.replyTo === replyTo),
      begin: () => this.begin(ownerId, promptId, content),
    });
  }

  private async begin(ownerId: number, promptId: number, content: string): Promise<StoredTurn> {
    const prompt = await this.messages.findPrompt(ownerId, promptId);
    if (prompt.content === content || (await this.reworded(prompt, content)))
      return this.turns.regenerate(ownerId, promptId, {});
    const recording = prompt.files?.find(({ kind }) => kind === 'recording');
    return this.turns.send(ownerId, prompt.conversationId, {
      ...{ content, replyTo: prompt.replyTo },
      ...(recording && { recordingId: recording.id }),
    });
  }

  private async reworded({ ownerId, id }: Message, content: string): Promise<boolean> {
    try {
      await this.messages.reword(ownerId, id, content);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'message_answered') return false;
      throw error;
    }
  }

  private async whole(wish: Wish): Promise<TurnDto> {
    const turn = await this.turn(wish);
    return this.delivery.whole(turn, new AbortController().signal);
  }

  private async turn({ ownerId, conversationId, isSame, begin }: Wish): Promise<StoredTurn> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(RETRY_MS)) {
      // Looked at first: each try of a turn counts against the user's turns a minute.
      const running = await this.running(ownerId, conversationId);
      if (running && isSame(running.userMessage)) return running;
      if (running && Date.now() > deadline) throw new AppError('turn_running', { retryAfter: 1 });
      if (running) continue;
      try {
        return await begin();
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'turn_running' || Date.now() > deadline)
          throw error;
      }
    }
  }

  private async running(ownerId: number, conversationId: number): Promise<StoredTurn | null> {
    const assistantMessage = await this.messages.findRunning(ownerId, conversationId);
    if (!assistantMessage) return null;
    const userMessage = await this.messages.findOwned(ownerId, assistantMessage.replyTo!);
    return { userMessage, assistantMessage, replayed: true };
  }
}
