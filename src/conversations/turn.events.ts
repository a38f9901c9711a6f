import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EventStreams,
  type NewStreamEvent,
  type StreamEvent,
  StreamNotFoundError,
} from '../../libs/streams/event-streams.js';
import { MessageDto } from './dto/message.dto.js';
import type { TurnDto } from './dto/turn.dto.js';
import { type FinalStatus, isFinal, Message } from './message.entity.js';

const POLL_MS = 250;

export function createdEvent(
  userMessage: Message,
  assistantMessage: Message,
): NewStreamEvent & { data: TurnDto } {
  const data = {
    userMessage: MessageDto.from(userMessage),
    assistantMessage: MessageDto.from(assistantMessage),
  };
  return { type: 'message.created', data };
}

export function deltaEvent(text: string): NewStreamEvent {
  return { type: 'message.delta', data: { text } };
}

/** The one event that ends a turn. */
export function endEvent(message: Message): NewStreamEvent {
  const status = message.status as FinalStatus;
  const code = status === 'failed' ? { code: message.errorCode } : {};
  return { type: `message.${status}`, data: { message: MessageDto.from(message), ...code } };
}

/** The events of turns: live ones from their streams, ended ones from their rows once the stream is forgotten. */
@Injectable()
export class TurnEvents {
  constructor(
    private readonly streams: EventStreams,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
  ) {}

  async append(messageId: number, event: NewStreamEvent): Promise<void> {
    await this.streams.append(streamOf(messageId), [event]);
  }

  async end(messageId: number, event: NewStreamEvent): Promise<void> {
    await this.streams.append(streamOf(messageId), [event], { end: true });
  }

  /** Events above `after`, to the last one. */
  async *read(answer: Message, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    let position = after;
    try {
      for await (const batch of this.streams.read(streamOf(answer.id), after, signal)) {
        yield batch;
        position = batch.at(-1)!.id;
      }
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
      yield* this.rebuild(answer, position, signal);
    }
  }

  /**
   * Without a stream the row is what there is. Whoever has seen a part of the events gets the last one only, which
   * carries the whole answer.
   */
  private async *rebuild(answer: Message, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    const ended = await this.waitForEnd(answer, signal);
    if (!ended) return;
    if (after > 0) return yield [{ id: after + 1, ...endEvent(ended) }];
    const { replyTo, ownerId } = ended;
    const userMessage = await this.messages.findOneBy({ id: replyTo ?? 0, ownerId });
    const events = [
      ...(userMessage ? [createdEvent(userMessage, ended)] : []),
      ...(ended.content === '' ? [] : [deltaEvent(ended.content)]),
      endEvent(ended),
    ];
    yield events.map((event, index) => ({ id: index + 1, ...event }));
  }

  /** The turn may be running in a process whose stream cannot be read from here: its row tells when it ends. */
  private async waitForEnd({ id, ownerId }: Message, signal: AbortSignal): Promise<Message | null> {
    while (!signal.aborted) {
      const message = await this.messages.findOneBy({ id, ownerId });
      if (!message || isFinal(message.status)) return message;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    return null;
  }
}

function streamOf(messageId: number): string {
  return `turn:${messageId}`;
}
