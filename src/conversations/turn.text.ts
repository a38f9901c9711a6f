import type { StreamEvent } from '../../libs/streams/event-streams.js';
import type { MessageDto } from './dto/message.dto.js';
import type { DeltaDto, TurnEndDto } from './dto/turn.dto.js';

/**
 * The text of an answer in pieces, one for each batch of its events that has any; at last, the answer as it has ended,
 * or undefined where its events break off.
 */
export async function* textOfEvents(
  batches: AsyncIterable<StreamEvent[]>,
): AsyncGenerator<string, MessageDto | undefined> {
  let told = 0;
  for await (const batch of batches) {
    const deltas = batch.filter(({ type }) => type === 'message.delta');
    const text = deltas.map(({ data }) => (data as DeltaDto).text).join('');
    told += text.length;
    const last = batch.at(-1);
    const ended = last && isEnd(last) ? (last.data as TurnEndDto).message : undefined;
    // Where its stream was lost, the end has all of it.
    const piece = text + (ended?.content.slice(told) ?? '');
    if (piece !== '') yield piece;
    if (ended) return ended;
  }
  return undefined;
}

function isEnd({ type }: StreamEvent): boolean {
  return type !== 'message.created' && type !== 'message.delta';
}
