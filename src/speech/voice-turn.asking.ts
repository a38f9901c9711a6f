import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { MessageDto } from '../conversations/dto/message.dto.js';
import { MessageFile } from '../conversations/message-file.entity.js';
import type { Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import { TurnsService } from '../conversations/turns.service.js';
import { isDatabaseUnavailable, isDeadlock } from '../database/failures.js';
import { Transcription } from './transcription.entity.js';
import type { VoiceTurn } from './voice-turn.entity.js';

/** How long another turn of the conversation, or a server that takes no turns just now, is waited for. */
const PATIENCE_MS = 120_000;
const RETRY_MS = 200;

/** What may be over soon. */
const PASSING = new Set(['turn_running', 'events_unavailable', 'shutting_down']);

/** Both messages of a turn. */
export interface AskedTurn {
  userMessage: Message;
  assistantMessage: Message;
}

/** Says in a conversation what was heard in a recording: once, however often it is tried. */
@Injectable()
export class VoiceTurnAsking {
  constructor(
    private readonly turns: TurnsService,
    private readonly messages: MessagesService,
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    @InjectRepository(MessageFile) private readonly links: Repository<MessageFile>,
  ) {}

  /**
   * The turn of what was said; made, unless an earlier attempt has. Waits for another turn that runs, for two minutes.
   * @throws AppError as `TurnsService.send` does, `turn_running` after the wait; the signal's reason
   */
  ask(row: VoiceTurn, signal: AbortSignal): Promise<AskedTurn> {
    return patiently(signal, async () => {
      await this.assertFree(row);
      return this.send(row);
    });
  }

  /**
   * What was said as a message that waits for its answer; made, unless an earlier attempt has. Waits as `ask` does.
   * @throws AppError as `MessagesService.record` does, `turn_running` after the wait; the signal's reason
   */
  note(row: VoiceTurn, signal: AbortSignal): Promise<MessageDto> {
    return patiently(signal, async () => {
      const { text, fileId } = await this.heard(row);
      return (await this.noted(row, fileId)) ?? this.record(row, { content: text!, fileId });
    });
  }

  /** The message that has this recording already. */
  private async noted({ ownerId }: VoiceTurn, fileId: number | null): Promise<MessageDto | undefined> {
    const link = fileId === null ? null : await this.links.findOneBy({ fileId, message: { ownerId } });
    return link ? this.messages.find(ownerId, link.messageId) : undefined;
  }

  private async record(
    { ownerId, conversationId }: VoiceTurn,
    { content, fileId }: { content: string; fileId: number | null },
  ): Promise<MessageDto> {
    const said = { role: 'user' as const, content, ...(fileId !== null && { recordingId: fileId }) };
    const [message] = await this.messages.record(ownerId, conversationId, [said]);
    return message!;
  }

  /** @throws AppError not_found */
  private async heard({ ownerId, transcriptionId: id }: VoiceTurn): Promise<Transcription> {
    const transcription = await this.transcriptions.findOneBy({ id: id ?? 0, ownerId });
    if (!transcription) throw new AppError('not_found');
    return transcription;
  }

  /** Looked at first: each try of a turn counts against the user's turns a minute. */
  private async assertFree(row: VoiceTurn): Promise<void> {
    const { ownerId, conversationId } = row;
    const running = await this.messages.findRunning(ownerId, conversationId);
    if (!running) return;
    const prompt = await this.messages.findOwned(ownerId, running.replyTo!);
    if (prompt.idempotencyKey !== keyOf(row)) throw new AppError('turn_running');
  }

  private async send(row: VoiceTurn): Promise<AskedTurn> {
    const { ownerId, conversationId, replyTo, onDisconnect } = row;
    const { text, fileId } = await this.heard(row);
    const dto = {
      content: text!,
      onDisconnect,
      ...(fileId !== null && { recordingId: fileId }),
      ...(replyTo !== null && { replyTo: replyTo === 0 ? null : replyTo }),
    };
    return this.turns.send(ownerId, conversationId, dto, keyOf(row));
  }
}

/** Tries again for two minutes while what is in the way may pass. @throws the last error; the signal's reason */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || Date.now() > deadline) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof AppError) return PASSING.has(error.code);
  return isDatabaseUnavailable(error) || isDeadlock(error);
}

/** No client's: those have no spaces. */
function keyOf({ id }: VoiceTurn): string {
  return `voice ${id}`;
}
