import { SpeechError } from './synthesizer.js';

/**
 * One call to a provider: follows the caller's signal, and is given up when the provider is waited for too long. What
 * the reader does meanwhile is not counted.
 */
export class PatientCall {
  private readonly controller = new AbortController();
  private readonly follow = () => this.controller.abort(this.caller.reason);

  constructor(
    private readonly caller: AbortSignal,
    private readonly timeoutMs: number,
  ) {
    if (caller.aborted) this.follow();
    else caller.addEventListener('abort', this.follow, { once: true });
  }

  /** For what is waited for. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for the provider. @throws SpeechError `speech_timeout` */
  async within<T>(work: Promise<T>): Promise<T> {
    const late = () => this.controller.abort(new SpeechError('speech_timeout', true));
    const timer = setTimeout(late, this.timeoutMs);
    try {
      return await work;
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A body, piece by piece. @throws SpeechError `speech_timeout`; `speech_protocol` where it is longer than that */
  async *read(body: AsyncIterable<Uint8Array> | null, maxBytes: number): AsyncGenerator<Uint8Array> {
    if (body === null) return;
    const iterator = body[Symbol.asyncIterator]();
    let bytes = 0;
    for (;;) {
      const next = await this.within(iterator.next());
      if (next.done === true) return;
      bytes += next.value.length;
      if (bytes > maxBytes) throw new SpeechError('speech_protocol', false);
      yield next.value;
    }
  }

  /** Ends what still runs, and lets go of the caller's signal. */
  release(): void {
    this.caller.removeEventListener('abort', this.follow);
    this.controller.abort();
  }
}
