import { Semaphore } from 'async-mutex';

/** How many sentences are made at a time: the next one while one is still being made and stored. */
const MADE_AT_ONCE = 2;

/** What becomes of a sentence. */
export interface SentenceWork<Sound> {
  /** Makes its sound. */
  make: (index: number, text: string, signal: AbortSignal) => Promise<Sound>;
  /** Tells that it is there. */
  tell: (index: number, text: string, sound: Sound) => Promise<void>;
}

/**
 * Sentences on their way to being heard: made a few at a time, told strictly in their order, each as soon as it and all
 * before it are there. What fails ends it: the sentences behind are not told.
 */
export class SentenceQueue<Sound> {
  /** How many were told, those of an earlier attempt included. */
  told: number;
  private count = 0;
  private readonly places = new Semaphore(MADE_AT_ONCE);
  private readonly leaving = new AbortController();
  private telling: Promise<void> = Promise.resolve();
  private failure: { error: unknown } | undefined;

  /** @param told how many sentences were told already: they are passed over */
  constructor(
    private readonly work: SentenceWork<Sound>,
    told: number,
  ) {
    this.told = told;
  }

  /** The next sentence. */
  add(text: string): void {
    const index = this.count;
    this.count += 1;
    const { signal } = this.leaving;
    if (index < this.told || signal.aborted) return;
    const made = this.places.runExclusive(() => {
      signal.throwIfAborted();
      return this.work.make(index, text, signal);
    });
    // It is waited for when its turn comes; until then a failure is nobody's.
    made.catch(() => undefined);
    this.telling = this.telling.then(async () => {
      try {
        const sound = await made;
        if (signal.aborted) return;
        await this.work.tell(index, text, sound);
        this.told = index + 1;
      } catch (error) {
        if (!signal.aborted) this.failure ??= { error };
        this.stop();
      }
    });
  }

  /** No further sentences, at once: what is being made is dropped. */
  stop(): void {
    this.leaving.abort();
  }

  /** All that were added have been told, or will not be. Throws with what one has failed. */
  async whenDone(): Promise<void> {
    await this.telling;
    if (this.failure) throw this.failure.error;
  }
}
