import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { MessageFiles } from './message-files.js';
import { Message } from './message.entity.js';

const KEY_LIFETIME_MS = 24 * 3_600_000;

/** Both rows of a turn; `replayed` where they were there already, under the request's idempotency key. */
export interface StoredTurn {
  userMessage: Message;
  assistantMessage: Message;
  replayed: boolean;
}

/** Finds turns again by the keys of the requests that made them. */
@Injectable()
export class TurnReplays {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly files: MessageFiles,
  ) {}

  /** The turn that this key already made; null where the key is new, or was used longer than 24 hours ago. */
  async find(ownerId: number, idempotency: Idempotency | undefined): Promise<StoredTurn | null> {
    if (!idempotency) return null;
    const known = await this.messages.findOneBy({ ownerId, idempotencyKey: idempotency.key });
    if (!known) return null;
    if (known.createdAt.getTime() < Date.now() - KEY_LIFETIME_MS) {
      await this.messages.update({ id: known.id, ownerId }, { idempotencyKey: null, requestHash: null });
      return null;
    }
    if (known.requestHash !== idempotency.requestHash) throw new AppError('idempotency_key_reused');
    const turn = await (known.role === 'user' ? this.turnOfPrompt(known) : this.turnOfAnswer(known));
    await this.files.load([turn.userMessage]);
    return { ...turn, replayed: true };
  }

  private async turnOfPrompt(userMessage: Message): Promise<Omit<StoredTurn, 'replayed'>> {
    const { id: replyTo, ownerId } = userMessage;
    const assistantMessage = await this.messages.findOneOrFail({
      where: { replyTo, ownerId, role: 'assistant' },
      order: { seq: 'ASC' },
    });
    return { userMessage, assistantMessage };
  }

  private async turnOfAnswer(assistantMessage: Message): Promise<Omit<StoredTurn, 'replayed'>> {
    const { replyTo, ownerId } = assistantMessage;
    return { userMessage: await this.messages.findOneByOrFail({ id: replyTo!, ownerId }), assistantMessage };
  }
}
