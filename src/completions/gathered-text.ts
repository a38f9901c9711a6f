/**
 * The same text in fewer pieces: what has come while the last piece was looked at comes as one. A failure comes behind
 * what was said before it. All of what comes is kept until it is asked for, so `pieces` must have an end, and must end
 * when whoever asks leaves.
 */
export async function* gathered(pieces: AsyncIterable<string>): AsyncGenerator<string, void> {
  const feed = new Feed(pieces);
  for (;;) {
    await feed.more();
    const text = feed.take();
    if (text !== '') yield text;
    else if (feed.ended) return feed.rethrow();
  }
}

class Feed {
  ended = false;
  private text = '';
  private failure: { error: unknown } | undefined;
  private wake: (() => void) | undefined;

  constructor(pieces: AsyncIterable<string>) {
    void this.read(pieces);
  }

  /** Until there is text, or the end. */
  async more(): Promise<void> {
    if (this.text !== '' || this.ended) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  rethrow(): void {
    if (this.failure) throw this.failure.error;
  }

  private async read(pieces: AsyncIterable<string>): Promise<void> {
    try {
      for await (const piece of pieces) {
        this.text += piece;
        this.wake?.();
      }
    } catch (error) {
      this.failure = { error };
    } finally {
      this.ended = true;
      this.wake?.();
    }
  }
}
