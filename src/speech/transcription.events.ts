import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import {
  EventStreams,
  type NewStreamEvent,
  StreamEndedError,
  type StreamEvent,
  StreamNotFoundError,
} from '../../libs/streams/event-streams.js';
import { TranscriptionDto } from './dto/transcription.dto.js';
import type { SpokenSegment } from './transcript.js';
import { isFinal, Transcription } from './transcription.entity.js';

const POLL_MS = 250;
/** How often whoever listens makes sure that there is still something to listen to. */
const CHECK_MS = 5_000;

export function createdEvent(row: Transcription): NewStreamEvent {
  return { type: 'transcription.created', data: { transcription: TranscriptionDto.from(row) } };
}

export function progressEvent(progress: number): NewStreamEvent {
  return { type: 'transcription.progress', data: { progress } };
}

export function segmentEvent(segment: SpokenSegment, index: number): NewStreamEvent {
  return { type: 'transcription.segment', data: { index, segment } };
}

/** The one event that ends a transcription. */
export function endEvent(row: Transcription): NewStreamEvent {
  return { type: `transcription.${row.status}`, data: { transcription: TranscriptionDto.from(row) } };
}

/** Told that a transcription has ended. It is told again where it fails. */
export type EndListener = (row: Transcription) => Promise<void>;

/** The events of transcriptions: live ones from their streams, ended ones from their rows once the stream is forgotten. */
@Injectable()
export class TranscriptionEvents {
  private onEnd: EndListener = () => Promise.resolve();

  constructor(
    private readonly streams: EventStreams,
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
  ) {}

  /** Names who is told of transcriptions that have ended, perhaps more than once of the same. */
  listen(onEnd: EndListener): void {
    this.onEnd = onEnd;
  }

  /** Nothing happens where the stream has had its last event. */
  async append(row: Transcription, events: NewStreamEvent[]): Promise<void> {
    if (events.length > 0) await this.streams.append(streamOf(row), events).catch(unlessEnded);
  }

  /** Writes the last event, with others before it; only the first who does is heard. */
  async end(row: Transcription, before: NewStreamEvent[] = []): Promise<void> {
    await this.streams.append(streamOf(row), [...before, endEvent(row)], { end: true }).catch(unlessEnded);
    await this.onEnd(row);
  }

  /** How many segments were told already; null where there is no stream that goes on. */
  async toldSegments(row: Transcription): Promise<number | null> {
    try {
      const events = await this.streams.snapshot(streamOf(row));
      return events.filter(({ type }) => type === 'transcription.segment').length;
    } catch (error) {
      if (error instanceof StreamNotFoundError) return null;
      throw error;
    }
  }

  /** Forgets all events: the transcription is gone, or begins anew. */
  async forget(row: Transcription): Promise<void> {
    await this.streams.remove(streamOf(row));
  }

  /** As `forget`, where the transcription was deleted: who listens would wait for an end that nobody writes. */
  async forgetWhereGone(row: Transcription): Promise<void> {
    const { id, ownerId } = row;
    if (!(await this.transcriptions.existsBy({ id, ownerId }))) await this.forget(row);
  }

  /**
   * Events above `after`, to the last one; ends without one where the transcription is deleted. The stream as long as
   * there is one: it may begin late, or be out of reach for a time. At last, the row.
   */
  async *read(row: Transcription, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    for (let position = after; !signal.aborted;) {
      for await (const batch of this.follow(row, position, signal)) {
        yield batch;
        position = batch.at(-1)!.id;
        if (isEnd(batch)) return;
      }
      const { id, ownerId } = row;
      const now = await this.transcriptions.findOneBy({ id, ownerId });
      if (!now) return;
      if (isFinal(now.status)) return yield rebuilt(now, position);
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The stream while it is there, and until nothing is left that could go on with it. */
  private async *follow(
    row: Transcription,
    after: number,
    signal: AbortSignal,
  ): AsyncIterable<StreamEvent[]> {
    const over = new AbortController();
    const timer = setInterval(() => void this.abortWhereOver(row, over), CHECK_MS).unref();
    try {
      yield* this.streams.read(streamOf(row), after, AbortSignal.any([signal, over.signal]));
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    } finally {
      clearInterval(timer);
    }
  }

  /** The row is gone, or has ended longer ago than its last event takes. */
  private async abortWhereOver({ id, ownerId }: Transcription, over: AbortController): Promise<void> {
    const row = await this.transcriptions.findOneBy({ id, ownerId }).catch(() => undefined);
    const endedAt = row?.finishedAt?.getTime() ?? Infinity;
    if (row === null || endedAt < Date.now() - 2 * CHECK_MS) over.abort();
  }
}

function isEnd(batch: StreamEvent[]): boolean {
  return /\.(done|failed|cancelled)$/.test(batch.at(-1)!.type);
}

/**
 * Without a stream the row is what there is. Whoever has seen a part of the events gets the last one only, which
 * carries everything.
 */
function rebuilt(ended: Transcription, after: number): StreamEvent[] {
  if (after > 0) return [{ id: after + 1, ...endEvent(ended) }];
  const { segments } = TranscriptionDto.from(ended);
  const events = [
    createdEvent(ended),
    ...segments.map((segment, index) => segmentEvent(segment, index)),
    endEvent(ended),
  ];
  return events.map((event, index) => ({ id: index + 1, ...event }));
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof StreamEndedError)) throw error;
}

/** With the time of its making: a database that begins anew counts its ids anew, and streams outlive it. */
function streamOf({ id, createdAt }: Transcription): string {
  return `transcription:${id}:${createdAt.getTime()}`;
}
