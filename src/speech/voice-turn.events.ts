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
import { type SpokenSentenceDto, VoiceTurnDto } from './dto/voice-turn.dto.js';
import { VoiceTurnSentences } from './voice-turn.sentences.js';
import { isOver, VoiceTurn } from './voice-turn.entity.js';

/** How long after its end a voice turn's last event is waited for. */
const LAST_EVENT_MS = 10_000;

/** Not for clients: from here on the turn's own events are there. */
export const TURN = 'voice.turn';

/** What a voice turn's stream has of an earlier attempt. */
export interface ToldSpeech {
  /** How many events there are. */
  events: number;
  sentences: number;
  /** Speaking has failed. */
  failed: string | null;
}

const NOTHING: ToldSpeech = { events: 0, sentences: 0, failed: null };

export function createdEvent(row: VoiceTurn): NewStreamEvent {
  return { type: 'voice.created', data: { voiceTurn: VoiceTurnDto.from(row) } };
}

function turnEvent({ assistantMessageId }: VoiceTurn): NewStreamEvent {
  return { type: TURN, data: { assistantMessageId } };
}

export function sentenceEvent(sentence: SpokenSentenceDto): NewStreamEvent {
  return { type: 'speech.sentence', data: sentence };
}

export function speechFailedEvent(code: string): NewStreamEvent {
  return { type: 'speech.failed', data: { code } };
}

/** The one event that ends a voice turn. */
export function endEvent(row: VoiceTurn): NewStreamEvent {
  return { type: `voice.${row.status}`, data: { voiceTurn: VoiceTurnDto.from(row) } };
}

/**
 * What a voice turn has to tell beside its transcription and its turn: that it is there, which turn it is, the
 * sentences as they are spoken, and its end. Always in this order and none of them twice, so that an attempt that
 * begins the stream anew gives each event the id that it had.
 */
@Injectable()
export class VoiceTurnEvents {
  constructor(
    private readonly streams: EventStreams,
    private readonly sentences: VoiceTurnSentences,
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
  ) {}

  /** Nothing happens where the stream has had its last event. */
  async append(row: VoiceTurn, ...events: NewStreamEvent[]): Promise<void> {
    await this.streams.append(streamOf(row), events).catch(unlessEnded);
  }

  /** Both messages are there; tells so where no earlier attempt has. Gives what was told of the speaking. */
  async begin(row: VoiceTurn): Promise<ToldSpeech> {
    const told = await this.told(row);
    const missing = [createdEvent(row), turnEvent(row)].slice(told.events);
    if (missing.length > 0) await this.append(row, ...missing);
    return told;
  }

  /** Writes the last event; only the first who does is heard. */
  async end(row: VoiceTurn): Promise<void> {
    const { events } = await this.told(row);
    const missing = events === 0 ? [createdEvent(row)] : [];
    await this.streams.append(streamOf(row), [...missing, endEvent(row)], { end: true }).catch(unlessEnded);
  }

  /** What the stream has; nothing, where there is none. */
  async told(row: VoiceTurn): Promise<ToldSpeech> {
    try {
      const events = await this.streams.snapshot(streamOf(row));
      const failed = events.find(({ type }) => type === 'speech.failed')?.data as
        { code: string } | undefined;
      const sentences = events.filter(({ type }) => type === 'speech.sentence').length;
      return { events: events.length, sentences, failed: failed?.code ?? null };
    } catch (error) {
      if (error instanceof StreamNotFoundError) return NOTHING;
      throw error;
    }
  }

  /** Forgets all events: the voice turn is gone. */
  async forget(row: VoiceTurn): Promise<void> {
    await this.streams.remove(streamOf(row));
  }

  /**
   * Events above `after`, to the last one; ends without one where the voice turn is deleted. An attempt that begins the
   * stream anew may have less to tell than the one before: who has seen more than there is gets the last event.
   */
  async *follow(
    row: VoiceTurn,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent[], void, undefined> {
    let position = after;
    for await (const batch of this.streamed(row, after, signal)) {
      yield batch;
      position = batch.at(-1)!.id;
      if (isEnd(batch.at(-1)!)) return;
    }
    const now = signal.aborted ? null : await this.find(row);
    if (now && isOver(now.status)) yield [{ id: position + 1, ...endEvent(now) }];
  }

  private streamed(row: VoiceTurn, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    const isForgotten = async () => {
      const now = await this.find(row);
      return !now || (now.finishedAt?.getTime() ?? Infinity) < Date.now() - LAST_EVENT_MS;
    };
    const following = { name: streamOf(row), after, signal, isOver: isForgotten };
    return followStream(this.streams, following, async (position) => {
      const now = await this.find(row);
      if (!now) return null;
      return isOver(now.status) ? this.rebuild(now, position) : undefined;
    });
  }

  private find({ id, ownerId }: VoiceTurn): Promise<VoiceTurn | null> {
    return this.voiceTurns.findOneBy({ id, ownerId });
  }

  /** Without a stream the row is what there is. The last event is given in any case. */
  private async rebuild(row: VoiceTurn, after: number): Promise<StreamEvent[]> {
    const { assistantMessageId, sentences, speechErrorCode } = row;
    const spoken = await this.sentences.of(row, sentences);
    const events = [
      createdEvent(row),
      ...(assistantMessageId === null ? [] : [turnEvent(row)]),
      ...spoken.map((sentence) => sentenceEvent(sentence)),
      ...(speechErrorCode === null ? [] : [speechFailedEvent(speechErrorCode)]),
    ].map((event, index) => ({ id: index + 1, ...event }));
    const last = { id: Math.max(events.length, after) + 1, ...endEvent(row) };
    return [...events.filter(({ id }) => id > after), last];
  }
}

/** Whether it is the one that ends a voice turn. */
export function isEnd({ type }: Pick<StreamEvent, 'type'>): boolean {
  return /^voice\.(done|failed|cancelled)$/.test(type);
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof StreamEndedError)) throw error;
}

/** With the time of its making: a database that begins anew counts its ids anew, and streams outlive it. */
function streamOf({ id, createdAt }: VoiceTurn): string {
  return `speech:${id}:${createdAt.getTime()}`;
}
