import { cleanText } from './clean-text.js';
import { cutPassages } from './passage-cutter.js';
import { MAX_CHARACTERS, MAX_LABEL } from './passage-limits.js';
import { type Passage, PASSAGES_AT_ONCE, ReadingError, type ReadingSink } from './reading.js';

/** Where in a document a text stands. */
export interface Place {
  page?: number | null;
  label?: string | null;
}

/** Takes the texts of a document's parts, cuts them into passages and hands those on in batches. */
export class PassageWriter {
  private batch: Passage[] = [];
  private characters = 0;
  private count = 0;

  constructor(
    private readonly sink: ReadingSink,
    private readonly countTokens: (text: string) => number,
  ) {}

  /** The text of one part: no passage reaches beyond it. @throws ReadingError document_too_long */
  async add(text: string, place: Place = {}): Promise<void> {
    for (const passage of cutPassages(cleanText(text))) await this.addPassage(passage, place);
  }

  /** To be called once, at the end. @throws ReadingError no_text where there was none */
  async close(): Promise<void> {
    if (this.count === 0) throw new ReadingError('no_text');
    await this.flush();
  }

  private async addPassage(text: string, { page = null, label = null }: Place): Promise<void> {
    this.characters += text.length;
    if (this.characters > MAX_CHARACTERS) throw new ReadingError('document_too_long');
    this.count += 1;
    this.batch.push({ page, label: labelOf(label), text, tokens: this.countTokens(text) });
    if (this.batch.length === PASSAGES_AT_ONCE) await this.flush();
  }

  private async flush(): Promise<void> {
    const { batch } = this;
    this.batch = [];
    if (batch.length > 0) await this.sink.passages(batch);
  }
}

function labelOf(label: string | null): string | null {
  const text = label === null ? '' : cleanText(label).replace(/\s+/g, ' ').trim();
  return text === '' ? null : text.slice(0, MAX_LABEL).toWellFormed();
}
