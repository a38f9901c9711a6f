import { Semaphore } from 'async-mutex';

/** How many sentences are made at a time: the next one while one is still being made and stored. */
const MADE_AT_ONCE = 2;

/** What becomes of a sentence. */
export interface SentenceWork<Sound> {
  /**
   * Makes its sound.
   * @param certain resolves when it is certain that there is such a sentence, and rejects when there is not: nothing
   *   may be kept before
   */
  make: (index: number, text: string, signal: AbortSignal, certain: Promise<void>) => Promise<Sound>;
  /** Tells that it is there. */
  tell: (index: number, text: string, sound: Sound) => Promise<void>;
}

/** A sentence that is being made before it is certain that there is one. */
interface Guess<Sound> {
  text: string;
  made: Promise<Sound>;
  confirm: () => void;
  drop: () => void;
}

/**
 * Sentences on their way to being heard: made a few at a time, told strictly in their order, each as soon as it and all
 * before it are there. What fails ends it: the sentences behind are not told.
 */
export class SentenceQueue<Sound> {
  /** How many were told, those of an earlier attempt included. */
  told: number;
  private count = 0;
  private guessed: Guess<Sound> | undefined;
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

  /** What is likely to be the next sentence, if anything is: it is begun. Only the last guess counts. */
  guess(text: string | undefined): void {
    if (text === this.guessed?.text) return;
    this.guessed?.drop();
    this.guessed = undefined;
    if (text === undefined || this.count < this.told || this.leaving.signal.aborted) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const dropped = new AbortController();
    // Where nobody waits for it, it is nobody's.
    promise.catch(() => undefined);
    const made = this.make(this.count, text, AbortSignal.any([this.leaving.signal, dropped.signal]), promise);
    const drop = () => {
      dropped.abort();
      reject(new Error('there is no such sentence'));
    };
    this.guessed = { text, made, confirm: resolve, drop };
  }

  /** The next sentence. */
  add(text: string): void {
    const index = this.count;
    const made = this.begun(index, text);
    this.count += 1;
    if (index < this.told || !made) return;
    const { signal } = this.leaving;
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
    this.guess(undefined);
  }

  /** All that were added have been told, or will not be. Throws with what one has failed. */
  async whenDone(): Promise<void> {
    await this.telling;
    if (this.failure) throw this.failure.error;
  }

  /** As it was guessed, or begun now; undefined where it is not wanted any more. */
  private begun(index: number, text: string): Promise<Sound> | undefined {
    const { guessed } = this;
    if (guessed?.text === text) {
      guessed.confirm();
      this.guessed = undefined;
      return guessed.made;
    }
    this.guess(undefined);
    if (index < this.told || this.leaving.signal.aborted) return undefined;
    return this.make(index, text, this.leaving.signal, Promise.resolve());
  }

  private make(index: number, text: string, signal: AbortSignal, certain: Promise<void>): Promise<Sound> {
    const made = this.places.runExclusive(() => {
      signal.throwIfAborted();
      return this.work.make(index, text, signal, certain);
    });
    // It is waited for when its turn comes; until then a failure is nobody's.
    made.catch(() => undefined);
    return made;
  }
}
