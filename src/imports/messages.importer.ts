import { Injectable } from '@nestjs/common';
import type { ForeignRow } from '../database/foreign-database.js';
import { ChapterWriter, type OldTurn } from './chapter-writer.js';
import type { ImportRun } from './import-run.js';
import { type OldChatState, OldChats } from './old-chats.js';
import { SAYING_SHAPES } from './old-sayings.js';
import { isReached, type OldPlace, type OldTable, placeOf } from './old-table.js';
import { oldTime } from './old-values.js';
import { OldVoices, type OldVoice } from './old-voices.js';

const PAGE = 500;
/** So much is read, and written, at a time. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** Larger sounds are not even read. */
const VOICE_BYTES = 90 * 1024 * 1024;
const VOICES = ['queryVoice', 'answerVoice'] as const;

/** A row that is new here, and the chat that it belongs to. */
interface FreshRow {
  row: ForeignRow;
  chat: OldChatState;
  place: OldPlace;
}

/**
 * Brings over what was said, in the order in which it stands in its table. How far a chat has been brought over stands in
 * the chat's mark, which moves in the transaction that adds to the chat.
 */
@Injectable()
export class MessagesImporter {
  constructor(
    private readonly chats: OldChats,
    private readonly chapters: ChapterWriter,
    private readonly voices: OldVoices,
  ) {}

  async bring(run: ImportRun): Promise<void> {
    const table = run.tables.get('messages');
    if (!table) return;
    const { parents } = SAYING_SHAPES[run.options.surface];
    run.progress.begin('messages', await table.count());
    for await (const page of table.pages(parents, PAGE)) {
      run.report.countsOf('messages').read += page.length;
      const fresh = await this.freshOf(run, page);
      for (const some of await this.portions(run, table, fresh)) await this.bringSome(run, table, some);
      run.progress.step(page.length);
    }
    run.progress.end();
  }

  /** The rows of a page that are not here yet and can be brought; what becomes of the others is told. */
  private async freshOf(run: ImportRun, page: ForeignRow[]): Promise<FreshRow[]> {
    const chats = await this.chats.of(run, page);
    return page.flatMap((row, at) => {
      const [found, place, key] = [chats[at]!, placeOf(row), String(row['key'])];
      if ('reason' in found) {
        run.report.add('messages', [{ what: 'skipped', reason: found.reason, key }]);
        return [];
      }
      const { chat } = found;
      if (chat.reached && isReached(place, chat.reached)) {
        run.report.countsOf('messages').known += 1;
        return [];
      }
      return [{ row, chat, place }];
    });
  }

  /** Rows in their order, in parts that are not too large. */
  private async portions(run: ImportRun, table: OldTable, rows: FreshRow[]): Promise<FreshRow[][]> {
    const { texts } = SAYING_SHAPES[run.options.surface];
    const keys = rows.map(({ row }) => row['key']!);
    const sizes = await table.sizes(texts, keys);
    const portions: FreshRow[][] = [];
    let bytes = Infinity;
    for (const one of rows) {
      const size = sizes.get(String(one.row['key'])) ?? 0;
      if (bytes + size > BYTES_AT_ONCE) {
        portions.push([]);
        bytes = 0;
      }
      portions.at(-1)!.push(one);
      bytes += size;
    }
    return portions;
  }

  private async bringSome(run: ImportRun, table: OldTable, rows: FreshRow[]): Promise<void> {
    const { texts, others } = SAYING_SHAPES[run.options.surface];
    const keys = rows.map(({ row }) => row['key']!);
    const whole = await table.byKeys([...texts, ...others], keys);
    const voices = await this.voicesOf(run, table, rows);
    const turns = rows.flatMap(({ row, chat, place }) => {
      const key = String(row['key']);
      const found = whole.get(key);
      return found ? [turnOf(run, { key, chat, place, voices: voices.get(key) ?? {} }, found)] : [];
    });
    await this.chapters.write(run, turns);
  }

  /** The sounds of rows, one read after the other; their bytes go into the storage at once. */
  private async voicesOf(
    run: ImportRun,
    table: OldTable,
    rows: FreshRow[],
  ): Promise<Map<string, OldTurn['voices']>> {
    const voices = new Map<string, OldTurn['voices']>();
    if (run.isDry) return voices;
    for (const column of VOICES.filter((name) => table.has(name))) {
      const sizes = await table.sizes(
        [column],
        rows.map(({ row }) => row['key']!),
      );
      for (const { row, chat } of rows) {
        const key = String(row['key']);
        const size = sizes.get(key) ?? 0;
        if (size === 0 || run.heldChats.has(chat.key)) continue;
        const voice = size > VOICE_BYTES ? undefined : await this.receive(table, column, row);
        if (voice) voices.set(key, { ...voices.get(key), [column]: voice });
        else run.report.add('messages', [{ what: 'changed', reason: 'voice_unreadable', key }]);
      }
    }
    return voices;
  }

  private async receive(table: OldTable, column: string, row: ForeignRow): Promise<OldVoice | undefined> {
    const found = await table.byKeys([column], [row['key']!]);
    return this.voices.receive(found.get(String(row['key']))?.[column] ?? null);
  }
}

function turnOf(
  run: ImportRun,
  { key, chat, place, voices }: Pick<OldTurn, 'chat' | 'place' | 'voices'> & { key: string },
  row: ForeignRow,
): OldTurn {
  const { surface, timeZone } = run.options;
  const sayings = SAYING_SHAPES[surface]
    .read(row)
    .filter(({ text, voice }) => text.trim() !== '' || (voice !== undefined && voices[voice] !== undefined));
  return { keys: [key], chat, place, voices, sayings, saidAt: oldTime(row['createdAt'], timeZone) };
}
