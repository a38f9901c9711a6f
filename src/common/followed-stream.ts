import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EventStreams,
  type StreamEvent,
  StreamNotFoundError,
} from '../../libs/streams/event-streams.js';

const POLL_MS = 250;
/** How often whoever listens makes sure that there is still something to listen to. */
const CHECK_MS = 5_000;

/**
 * What a row tells where its stream is not there: the events above `after` once it has ended, undefined while it has
 * not, null where the row is gone.
 */
export type Rebuild = (after: number) => Promise<StreamEvent[] | undefined | null>;

/** Which events are followed, and until when. */
export interface Following {
  /** The stream's name. */
  name: string;
  after: number;
  signal: AbortSignal;
  /** Whether nothing is left that could go on with the stream; asked now and then while it says nothing. */
  isOver?: () => Promise<boolean>;
}

/**
 * The events above `after`, to the last one, of something that has a stream and a row: the stream, as long as there is
 * one; it may begin late, or be out of reach for a time. At last, the row. Ends without an error when `signal` aborts.
 */
export async function* followStream(
  streams: EventStreams,
  following: Following,
  rebuild: Rebuild,
): AsyncGenerator<StreamEvent[], void, undefined> {
  const { name, after, signal, isOver } = following;
  for (let position = after; !signal.aborted;) {
    const over = new AbortController();
    const until = isOver ? AbortSignal.any([signal, over.signal]) : signal;
    const check = isOver && watch(isOver, over);
    try {
      for await (const batch of streams.read(name, position, until)) {
        yield batch;
        position = batch.at(-1)!.id;
      }
      if (!over.signal.aborted) return;
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    } finally {
      clearInterval(check);
    }
    const events = await rebuild(position);
    if (events && events.length > 0) yield events;
    if (events !== undefined) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function watch(isOver: () => Promise<boolean>, over: AbortController): NodeJS.Timeout {
  const look = async () => {
    // A database that is away says nothing of the stream.
    if (await isOver().catch(() => false)) over.abort();
  };
  return setInterval(() => void look(), CHECK_MS).unref();
}
