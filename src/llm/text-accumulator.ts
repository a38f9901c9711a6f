/** With this many code points before it, one piece that repeats and extends them is no coincidence. */
const TELLING_LENGTH = 4;
/** A server that repeats the whole text does not send the same text this often without adding to it. */
const MAX_REPEATS = 3;

/**
 * Turns the texts of a stream into deltas where the stream may be incremental (each text is new) or cumulative (each
 * text repeats everything before it): a server may ignore that it was asked for one of them. A stream is wholly one
 * or the other, but a few short pieces can look like both (`1`, `10`: is it "110" or "10"?), so pieces are held back
 * until the stream has shown what it is:
 *
 * - a piece that does not begin with the piece before it: incremental, for good;
 * - a piece that begins with the piece before it and is longer, where that had four code points or more, or for the
 *   second time: cumulative, for good;
 * - the same piece three times over without any growth: incremental, for good.
 *
 * Empty pieces say nothing. The first piece is a delta either way and is never held back.
 */
export class TextAccumulator {
  private mode: 'undecided' | 'incremental' | 'cumulative' = 'undecided';
  /** The piece before; in a cumulative stream the whole text. */
  private before = '';
  /** Pieces after the first, while undecided. */
  private held: string[] = [];
  private first = '';
  private growths = 0;
  private repeats = 0;

  /**
   * The delta of the next text; empty when there is none (yet).
   * @param last the provider said that this is its final event
   * @returns null when a cumulative text does not begin with the one before: the stream cannot be trusted any more
   */
  push(text: string, last = false): string | null {
    if (text === '') return last ? this.flush() : '';
    if (this.mode === 'incremental') return text;
    if (this.mode === 'cumulative') return this.extend(text);
    if (this.before === '') return this.begin(text);
    if (!text.startsWith(this.before)) return this.decideIncremental(text);
    this.held.push(text);
    const telling = this.grows(text);
    this.before = text;
    if (telling) return this.decideCumulative();
    if (this.growths === 0 && this.repeats >= MAX_REPEATS) return this.decideIncremental();
    return last ? this.decideAtLast() : '';
  }

  /** What is still held back when the stream ends; taken as incremental, which is what was asked for. */
  flush(): string {
    return this.mode === 'undecided' ? this.decideIncremental() : '';
  }

  private begin(text: string): string {
    this.first = text;
    this.before = text;
    return text;
  }

  /** Counts one more piece that begins with the piece before; true when that settles it. */
  private grows(text: string): boolean {
    if (text.length === this.before.length) {
      this.repeats += 1;
      return false;
    }
    this.growths += 1;
    return this.growths >= 2 || hasCodePoints(this.before, TELLING_LENGTH);
  }

  /**
   * Still undecided, and the final event brought a text. A cumulative server repeats the whole text there; an
   * incremental one sends what is left, which hardly ever begins with all of the answer before it.
   */
  private decideAtLast(): string {
    return this.growths > 0 || this.repeats === 1 ? this.decideCumulative() : this.decideIncremental();
  }

  private decideCumulative(): string {
    this.mode = 'cumulative';
    this.held = [];
    return this.before.slice(this.first.length);
  }

  private decideIncremental(next = ''): string {
    this.mode = 'incremental';
    const text = this.held.join('') + next;
    this.held = [];
    this.before = '';
    return text;
  }

  private extend(text: string): string | null {
    if (!text.startsWith(this.before)) return null;
    const delta = text.slice(this.before.length);
    this.before = text;
    return delta;
  }
}

function hasCodePoints(text: string, count: number): boolean {
  return [...text.slice(0, count * 2)].length >= count;
}
