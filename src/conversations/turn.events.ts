import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import {
  EventStreams,
  type NewStreamEvent,
  StreamEndedError,
  type StreamEvent,
  StreamNotFoundError,
} from '../../libs/streams/event-streams.js';
import { followStream } from '../common/followed-stream.js';
import { MessageDto } from './dto/message.dto.js';
import type { TurnDto } from './dto/turn.dto.js';
import { MessageFiles } from './message-files.js';
import { type FinalStatus, isFinal, Message } from './message.entity.js';
import { type AbandonedListener, TurnAudience } from './turn.audience.js';

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
    private readonly audience: TurnAudience,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly files: MessageFiles,
  ) {}

  /** Names who is told of turns that were to end with their listeners, and have none. */
  listen(onAbandoned: AbandonedListener): void {
    this.audience.listen(onAbandoned);
  }

  /** Whether other processes can follow a turn that begins now. */
  available(): boolean {
    return this.streams.available();
  }

  /** The first event; a turn that is taken up from another process may have had it there. */
  async begin(answer: Message, event: NewStreamEvent): Promise<void> {
    if (answer.onDisconnect === 'cancel') this.audience.watch(answer.id);
    if (answer.attempt === 0 || (await this.textSoFar(answer)) === null) await this.append(answer, event);
  }

  /** @throws StreamEndedError where another process has ended the turn */
  async append(answer: Message, event: NewStreamEvent): Promise<void> {
    await this.streams.append(streamOf(answer), [event]);
  }

  /** Nothing happens where another process has ended the turn. */
  async end(answer: Message, event: NewStreamEvent): Promise<void> {
    this.audience.unwatch(answer.id);
    await this.streams.append(streamOf(answer), [event], { end: true }).catch(unlessEnded);
  }

  /** The text of an answer as far as its stream has it; null where there is no stream that goes on. */
  async textSoFar(answer: Message): Promise<string | null> {
    try {
      const events = await this.streams.snapshot(streamOf(answer));
      const deltas = events.filter(({ type }) => type === 'message.delta');
      return deltas.map(({ data }) => (data as { text: string }).text).join('');
    } catch (error) {
      if (error instanceof StreamNotFoundError) return null;
      throw error;
    }
  }

  /** Events above `after`, to the last one. */
  async *read(answer: Message, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    this.audience.join(answer.id);
    try {
      yield* this.follow(answer, after, signal);
    } finally {
      this.audience.leave(answer.id);
    }
  }

  /** As `read`, without being one of those who listen: a turn that ends with its listeners does not wait for this. */
  follow(answer: Message, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    const { id, ownerId } = answer;
    return followStream(this.streams, { name: streamOf(answer), after, signal }, async (position) => {
      const row = await this.messages.findOneBy({ id, ownerId });
      if (!row) return null;
      return isFinal(row.status) ? this.rebuild(row, position) : undefined;
    });
  }

  /**
   * Without a stream the row is what there is. Whoever has seen a part of the events gets the last one only, which
   * carries the whole answer.
   */
  private async rebuild(ended: Message, after: number): Promise<StreamEvent[]> {
    if (after > 0) return [{ id: after + 1, ...endEvent(ended) }];
    const { replyTo, ownerId } = ended;
    // What was recorded may follow another answer, or nothing.
    const userMessage = await this.messages.findOneBy({ id: replyTo ?? 0, ownerId, role: 'user' });
    if (userMessage) await this.files.load([userMessage]);
    const events = [
      ...(userMessage ? [createdEvent(userMessage, ended)] : []),
      ...(ended.content === '' ? [] : [deltaEvent(ended.content)]),
      endEvent(ended),
    ];
    return events.map((event, index) => ({ id: index + 1, ...event }));
  }
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof StreamEndedError)) throw error;
}

/** With the time of its making: a database that begins anew counts its ids anew, and streams outlive it. */
function streamOf({ id, createdAt }: Message): string {
  return `turn:${id}:${createdAt.getTime()}`;
}
