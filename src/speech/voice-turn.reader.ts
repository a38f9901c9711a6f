import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { StreamEvent } from '../../libs/streams/event-streams.js';
import type { ServerSentEvent } from '../common/event-stream.js';
import { Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import { TurnEvents } from '../conversations/turn.events.js';
import type { TranscriptionDto } from './dto/transcription.dto.js';
import { MergedBatches } from './merged-batches.js';
import { Transcription } from './transcription.entity.js';
import { TranscriptionEvents } from './transcription.events.js';
import { VoiceTurn } from './voice-turn.entity.js';
import { TURN, VoiceTurnEvents } from './voice-turn.events.js';
import { formatPosition, type VoicePosition, type VoiceSource } from './voice-turn.position.js';

type Sources = MergedBatches<VoiceSource, StreamEvent>;

/** The last event of its source. */
const LAST: Record<VoiceSource, RegExp> = {
  transcription: /\.(done|failed|cancelled)$/,
  turn: /^message\.(completed|stopped|interrupted|failed)$/,
  speech: /^voice\.(done|failed|cancelled)$/,
};

/**
 * The events of voice turns: those of the transcription, of the turn and of the speaking, which are streams of their
 * own, merged while they are read. Whoever comes back says how far it has got in each of them (see VoicePosition).
 */
@Injectable()
export class VoiceTurnReader {
  constructor(
    private readonly transcriptionEvents: TranscriptionEvents,
    private readonly turnEvents: TurnEvents,
    private readonly events: VoiceTurnEvents,
    private readonly messages: MessagesService,
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
  ) {}

  /**
   * Events behind `after`, to the last one; ends without one where the voice turn is deleted. The transcript comes
   * before the turn's events, and the voice turn's end after everything.
   */
  async *read(
    row: VoiceTurn,
    after: VoicePosition,
    signal: AbortSignal,
  ): AsyncGenerator<ServerSentEvent[], void, undefined> {
    if (after.speech === null) return;
    const leaving = new AbortController();
    const reading = new VoiceReading(after, {
      transcription: (from, until) => this.transcription(row, from, until),
      turn: (from, until) => this.turn(row, from, until),
      speech: (from, until) => this.events.follow(row, from, until),
    });
    try {
      yield* reading.run(AbortSignal.any([signal, leaving.signal]));
    } finally {
      leaving.abort();
    }
  }

  private async *transcription(row: VoiceTurn, after: number, signal: AbortSignal) {
    const { transcriptionId: id, ownerId } = row;
    const transcription = await this.transcriptions.findOneBy({ id: id ?? 0, ownerId });
    if (transcription) yield* this.transcriptionEvents.read(transcription, after, signal);
  }

  private async *turn({ id, ownerId }: VoiceTurn, after: number, signal: AbortSignal) {
    const row = await this.voiceTurns.findOneBy({ id, ownerId });
    if (!row?.assistantMessageId) return;
    const answer: Message = await this.messages.findAnswer(ownerId, row.assistantMessageId);
    yield* this.turnEvents.read(answer, after, signal);
  }
}

/** One reading of the three streams: what may be given when. */
class VoiceReading {
  private readonly sources: Sources = new MergedBatches();
  private readonly at: VoicePosition;
  /** Of the speaking's: what has to wait until something of the others was given. */
  private held: StreamEvent[] = [];
  private hasTurn = false;

  constructor(
    after: VoicePosition,
    private readonly open: Record<
      VoiceSource,
      (after: number, signal: AbortSignal) => AsyncIterable<StreamEvent[]>
    >,
  ) {
    this.at = { ...after };
  }

  async *run(signal: AbortSignal): AsyncGenerator<ServerSentEvent[], void, undefined> {
    this.begin('speech', signal);
    // Its creation and the turn's messages were given: what comes next is behind them anyway.
    if (this.at.speech! >= 1) this.begin('transcription', signal);
    if (this.at.speech! >= 2) this.beginTurn(signal);
    for (let given = await this.sources.next(); given; given = await this.sources.next()) {
      const { name, batch } = given;
      const out: ServerSentEvent[] = [];
      if (!batch) this.over(name);
      else if (name === 'speech') this.held.push(...batch);
      else for (const event of batch) out.push(this.give(name, event));
      this.release(out, signal);
      if (out.length > 0) yield out;
      if (signal.aborted || this.at.speech === null) return;
    }
  }

  /** What was held back and has no reason to wait any longer. */
  private release(out: ServerSentEvent[], signal: AbortSignal): void {
    while (this.held[0] && this.mayGive(this.held[0])) {
      const event = this.held.shift()!;
      const given = this.give('speech', event);
      if (event.type === TURN) this.beginTurn(signal);
      else out.push(given);
      if (event.type === 'voice.created') this.begin('transcription', signal);
    }
  }

  private mayGive({ type }: StreamEvent): boolean {
    if (type === 'voice.created') return true;
    if (this.at.transcription !== null) return false;
    if (type === TURN || !this.hasTurn) return true;
    return LAST.speech.test(type) ? this.at.turn === null : this.at.turn !== 0;
  }

  private give(source: VoiceSource, { id, type, data }: StreamEvent): ServerSentEvent {
    this.at[source] = LAST[source].test(type) ? null : id;
    const position = formatPosition(this.at);
    if (type !== 'transcription.done') return { id: position, type, data };
    const { transcription } = data as { transcription: TranscriptionDto };
    const { text, language } = transcription;
    return { id: position, type: 'transcript', data: { text, language, transcription } };
  }

  /** A source that ends without its last event was deleted, or its reader leaves. */
  private over(source: VoiceSource): void {
    if (source !== 'speech') this.at[source] = null;
  }

  private beginTurn(signal: AbortSignal): void {
    this.hasTurn = true;
    this.begin('turn', signal);
  }

  private begin(source: VoiceSource, signal: AbortSignal): void {
    const after = this.at[source];
    if (after !== null) this.sources.add(source, this.open[source](after, signal));
  }
}
