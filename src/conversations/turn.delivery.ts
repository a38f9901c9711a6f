import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StreamEvent } from '../../libs/streams/event-streams.js';
import { goneSignal, streamEvents, wantsEvents } from '../common/event-stream.js';
import { MessageDto } from './dto/message.dto.js';
import type { TurnDto, TurnEndDto } from './dto/turn.dto.js';
import { MessagesService } from './messages.service.js';
import { TurnEvents } from './turn.events.js';
import type { StoredTurn } from './turn.replays.js';
import { textOfEvents } from './turn.text.js';

/** Brings turns to clients: as events while they happen, or whole when they have ended. */
@Injectable()
export class TurnDelivery {
  constructor(
    private readonly events: TurnEvents,
    private readonly messages: MessagesService,
  ) {}

  /** Answers a request that made a turn, in the form that it asked for. The turn does not depend on who listens. */
  async deliver(turn: StoredTurn, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (turn.replayed) reply.header('Idempotent-Replayed', 'true');
    const gone = goneSignal(reply);
    const batches = this.events.read(turn.assistantMessage, 0, gone);
    if (wantsEvents(request)) return streamEvents(batches, reply, gone);
    const body = await endOf(turn, batches);
    if (!gone.aborted) await reply.status(201).send(body);
  }

  /**
   * A turn as it has ended; a failed one says why (`assistantMessage.status`, `error`).
   * @param signal ends the waiting, not the turn: what there is then is the turn as it began
   */
  whole(turn: StoredTurn, signal: AbortSignal): Promise<TurnDto> {
    return endOf(turn, this.events.read(turn.assistantMessage, 0, signal));
  }

  /**
   * The text of a turn's answer in pieces, as they come; at last, the answer as it has ended. Undefined where that is not
   * known: nobody waits any more, or the answer was deleted.
   * @param signal ends the listening, not the turn
   */
  text(
    { assistantMessage }: StoredTurn,
    signal: AbortSignal,
  ): AsyncGenerator<string, MessageDto | undefined> {
    return textOfEvents(this.events.read(assistantMessage, 0, signal));
  }

  /** Answers with the events of a turn above `after`. @throws AppError not_found */
  async replay(ownerId: number, messageId: number, after: number, reply: FastifyReply): Promise<void> {
    const answer = await this.messages.findAnswer(ownerId, messageId);
    const gone = goneSignal(reply);
    await streamEvents(this.events.read(answer, after, gone), reply, gone);
  }
}

async function endOf(
  { userMessage, assistantMessage }: StoredTurn,
  batches: AsyncIterable<StreamEvent[]>,
): Promise<TurnDto> {
  let last: StreamEvent | undefined;
  for await (const batch of batches) last = batch.at(-1);
  const ended = (last?.data as TurnEndDto | undefined)?.message ?? MessageDto.from(assistantMessage);
  return { userMessage: MessageDto.from(userMessage), assistantMessage: ended };
}
