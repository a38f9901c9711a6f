import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EventStreams,
  type StreamEvent,
  StreamNotFoundError,
} from '../../libs/streams/event-streams.js';

const POLL_MS = 250;

/**
 * What a row tells where its stream is not there: the events above `after` once it has ended, undefined while it has
 * not, null where the row is gone.
 */
export type Rebuild = (after: number) => Promise<StreamEvent[] | undefined | null>;

/**
 * The events above `after`, to the last one, of something that has a stream and a row: the stream, as long as there is
 * one; it may begin late, or be out of reach for a time. At last, the row. Ends without an error when `signal` aborts.
 */
export async function* followStream(
  streams: EventStreams,
  { name, after, signal }: { name: string; after: number; signal: AbortSignal },
  rebuild: Rebuild,
): AsyncGenerator<StreamEvent[], void, undefined> {
  for (let position = after; !signal.aborted;) {
    try {
      for await (const batch of streams.read(name, position, signal)) {
        yield batch;
        position = batch.at(-1)!.id;
      }
      return;
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    }
    const events = await rebuild(position);
    if (events && events.length > 0) yield events;
    if (events !== undefined) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
