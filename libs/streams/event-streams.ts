/** One event of a stream. `data` is what JSON can hold. */
export interface StreamEvent {
  /** Position in its stream: 1, 2, 3 … without gaps, in the order of appending. */
  id: number;
  /** What kind of event it is; the writer's and the reader's words, not this library's. */
  type: string;
  data: unknown;
}

/** An event before it has its place. */
export type NewStreamEvent = Omit<StreamEvent, 'id'>;

/** There is no such stream: it never was, was removed, or its retention is over. */
export class StreamNotFoundError extends Error {
  constructor(readonly stream: string) {
    super(`no event stream ${stream}`);
    this.name = 'StreamNotFoundError';
  }
}

/** The stream has had its last event; nothing can be appended to it. */
export class StreamEndedError extends Error {
  constructor(readonly stream: string) {
    super(`event stream ${stream} has ended`);
    this.name = 'StreamEndedError';
  }
}

/**
 * Port: streams of events that can be read again from any place, by any number of readers, while they are being
 * written and for a time after their end.
 *
 * A stream has one writer at a time. It begins with its first `append`. Events are immutable; ids count from 1.
 * `end: true` marks the last of the appended events as the stream's last one: readers finish after it, further
 * appends are refused, and the stream is forgotten when its retention (a setting of the adapter) is over. A reader
 * never misses an event and never gets one twice, however slow it is: it reads from the stream, not from a buffer
 * of its own. Names are free text of at most 200 characters.
 */
export abstract class EventStreams {
  /**
   * Appends events, all or none, and returns the id of the last one.
   * @throws StreamEndedError after the stream's end
   */
  abstract append(stream: string, events: NewStreamEvent[], options?: { end?: boolean }): Promise<number>;

  /**
   * Gives every event with an id above `after`, first those that are there, then those that come, until the last
   * one. Ends without an error when `signal` aborts. Each step gives all events that are ready, in order, never none.
   * @throws StreamNotFoundError where there is no such stream, also when it is removed while being read
   */
  abstract read(stream: string, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]>;

  /** Forgets a stream at once; its readers get StreamNotFoundError. Nothing happens where there is none. */
  abstract remove(stream: string): Promise<void>;
}
