import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { selectRows } from '../database/statements.js';
import {
  type ExportPromptsQueryDto,
  type PromptCopyDto,
  PROMPTS_FORMAT,
  PROMPTS_VERSION,
} from './dto/prompt-transfer.dto.js';
import { scopesOf } from './prompt-listing.service.js';
import { SHARED_SCOPE } from './prompt-positions.js';
import { Prompt } from './prompt.entity.js';

/** Read at a time: as much as is in memory, with what waits to be sent. */
const PAGE = 200;

/** Gives prompts out as a file, however many they are. */
@Injectable()
export class PromptExportService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * A `PromptsFileDto`, read while it is sent. What is made or removed meanwhile may be in it or not; nothing is in it
   * twice.
   */
  async export(ownerId: number, { scope }: ExportPromptsQueryDto): Promise<StreamableFile> {
    const scopes = scopesOf(ownerId, scope);
    const now = new Date().toISOString();
    // The first page before the answer begins: a database that is away is answered as it always is.
    const first = await this.page(scopes[0]!, 0);
    const stream = Readable.from(this.pieces(scopes, first, now), { objectMode: false });
    const disposition = `attachment; filename="parley-prompts-${now.slice(0, 10)}.json"`;
    return new StreamableFile(stream, { type: 'application/json; charset=utf-8', disposition });
  }

  private async *pieces(scopes: number[], first: Prompt[], exportedAt: string): AsyncGenerator<string> {
    const head = JSON.stringify({ format: PROMPTS_FORMAT, version: PROMPTS_VERSION, exportedAt });
    yield `${head.slice(0, -1)},"prompts":[`;
    let separator = '\n';
    for (const scopeId of scopes) {
      let page = scopeId === scopes[0] ? first : await this.page(scopeId, 0);
      while (page.length > 0) {
        yield separator + page.map((prompt) => JSON.stringify(copyOf(prompt))).join(',\n');
        separator = ',\n';
        page = page.length < PAGE ? [] : await this.page(scopeId, page.at(-1)!.id);
      }
    }
    yield '\n]}\n';
  }

  /** The oldest ones of a scope that are newer than `after`. */
  private page(scopeId: number, after: number): Promise<Prompt[]> {
    const shared = scopeId === SHARED_SCOPE;
    const tail = `WHERE owner_id ${shared ? 'IS NULL' : '= ?'} AND id > ? ORDER BY id LIMIT ?`;
    return selectRows(this.dataSource.manager, Prompt, tail, [...(shared ? [] : [scopeId]), after, PAGE]);
  }
}

function copyOf({ title, text, tags, ownerId }: Prompt): PromptCopyDto {
  return { title, text, tags, shared: ownerId === null };
}
