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

/** There is no such stream, or not what was asked of it: never there, removed, forgotten, or out of reach. */
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
 * Port: streams of events that can be read again from any place and any process, by any number of readers, while
 * they are being written and for a time after their end.
 *
 * A stream has one writer at a time. It begins with its first `append`. Events are immutable; ids count from 1.
 * `end: true` marks the last of the appended events as the stream's last one: readers finish after it, further
 * appends are refused, and the stream is forgotten when its retention (a setting of the adapter) is over. A stream
 * that nobody ends is forgotten an hour (a setting, too) after its last event. A reader never misses an event and
 * never gets one twice, however slow it is: it reads from the stream, not from a buffer of its own. A stream keeps
 * its newest 100,000 events (a setting); who asks for older ones is told that they are not there. Names are free
 * text of at most 200 characters.
 *
 * What the processes share may be away for a while. The writer's process then serves its own readers, and delivers
 * what it has when the shared part is back; readers in other processes wait some seconds and give up.
 */
export abstract class EventStreams {
  /**
   * Appends events, at least one, all or none. Calls for one stream take effect in the order of calling and need not
   * wait for each other: what comes while earlier events are under way travels together. Readers in this process
   * have the events at once. Resolves with the last event's id when every process can read it or, where the shared
   * part is away, when this process has it, which takes about a second at most. The id is the stream's own in the
   * first case and what it will be, unless another process has written too, in the second. Where another process has
   * begun the stream, the events go to its end. A rejection that nobody waits for harms nothing.
   * @throws StreamEndedError after the stream's end, also where another process has ended it; what that process has
   * not seen of this one's events is dropped
   */
  abstract append(stream: string, events: NewStreamEvent[], options?: { end?: boolean }): Promise<number>;

  /**
   * Gives every event with an id above `after`, first those that are there, then those that come, until the last
   * one. Ends without an error when `signal` aborts. Each step gives all events that are ready, in order, never none.
   * @throws StreamNotFoundError where there is no such stream or it cannot be reached, also when that comes to pass
   * while it is being read; it may be there again later
   */
  abstract read(stream: string, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]>;

  /**
   * All events that are there now, without waiting for more.
   * @throws StreamNotFoundError as `read` after 0
   */
  abstract snapshot(stream: string): Promise<StreamEvent[]>;

  /**
   * Forgets a stream at once, in every process; its readers get StreamNotFoundError. Nothing happens where there is
   * none. While the shared part is away only this process forgets it, and what was shared goes with its expiry.
   */
  abstract remove(stream: string): Promise<void>;

  /** Whether what is appended now can be read by every process. An outage is noticed within about a second. */
  abstract available(): boolean;
}
