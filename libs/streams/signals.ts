/**
 * Port: short messages to all processes, the sender's own included, for hints that somebody can do without.
 *
 * At most once and best effort: a process that is starting, ending or cut off hears nothing and is not told so. What
 * must not be lost belongs into the database, and a signal only says that it is worth looking there now. Messages of
 * one sender arrive in order. `data` is what JSON can hold, a few hundred bytes; every listener gets a copy. Topics
 * are free text of at most 200 characters.
 */
export abstract class Signals {
  /** Resolves when the message is on its way, or soon where nobody else can be reached; that is no error. */
  abstract send(topic: string, data: unknown): Promise<void>;

  /** Calls `listener` for every message of a topic until the returned function is called. */
  abstract on(topic: string, listener: (data: unknown) => void): () => void;
}
