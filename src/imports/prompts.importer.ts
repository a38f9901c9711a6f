import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ForeignRow } from '../database/foreign-database.js';
import { PromptImportService } from '../prompts/prompt-import.service.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import { MarkedRows, type Outcome, type Planned } from './marked-rows.js';
import { oldText } from './old-values.js';

const TITLE_LENGTH = 200;

interface OldPrompt {
  title: string;
  text: string;
}

/** Brings over the library of prompt examples, which was everybody's, into the one that everybody sees. */
@Injectable()
export class PromptsImporter {
  constructor(
    private readonly rows: MarkedRows,
    private readonly prompts: PromptImportService,
  ) {}

  async bring(run: ImportRun): Promise<void> {
    if (!run.tables.has('prompts')) return;
    if (!run.isDry) await this.prompts.openShared();
    await this.rows.bring<OldPrompt>(run, {
      ...{ kind: 'prompts', mark: 'prompt', columns: ['title', 'text'] },
      plan: (rows) => Promise.resolve(planned(rows)),
      make: (manager, items) => this.make(run, manager, items),
    });
  }

  private async make(
    run: ImportRun,
    manager: EntityManager,
    items: Planned<OldPrompt>[],
  ): Promise<Outcome[]> {
    const prompts = items.map(({ values }) => values);
    const taken = run.isDry ? this.prompts.unshared(prompts) : this.prompts.share(manager, prompts);
    const fresh = new Set<OldPrompt>(await taken);
    // Prompts move within their library: what they became is not looked for again.
    return prompts.map((prompt) =>
      fresh.has(prompt) ? { newId: 0, ownerId: null } : { skipped: 'prompt_known' },
    );
  }
}

function planned(rows: ForeignRow[]): { items: Planned<OldPrompt>[]; remarks: Remark[] } {
  const items: Planned<OldPrompt>[] = [];
  const remarks: Remark[] = [];
  for (const row of rows) {
    const key = String(row['key']);
    const [whole, text] = [oldText(row['title']).trim(), oldText(row['text']).trim()];
    if (whole === '' || text === '') {
      remarks.push({ what: 'skipped', reason: 'empty', key });
      continue;
    }
    const title = [...whole].slice(0, TITLE_LENGTH).join('');
    const cut: Remark[] = title === whole ? [] : [{ what: 'changed', reason: 'title_too_long', key }];
    items.push({ keys: [key], values: { title, text }, remarks: cut });
  }
  return { items, remarks };
}
