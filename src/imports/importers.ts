import { Injectable } from '@nestjs/common';
import { BotsImporter } from './bots.importer.js';
import { ChatsImporter } from './chats.importer.js';
import type { ImportRun } from './import-run.js';
import { MessagesImporter } from './messages.importer.js';
import type { OldKind } from './old-shapes.js';
import { PromptsImporter } from './prompts.importer.js';
import { TopicsImporter } from './topics.importer.js';
import { UnbroughtFiles } from './unbrought-files.js';
import { UsersImporter } from './users.importer.js';

/** Brings over what a backend has of one kind; nothing where it has no table of it. */
interface Importer {
  bring(run: ImportRun): Promise<void>;
}

/** Who brings which kind. */
@Injectable()
export class Importers {
  readonly byKind: Record<OldKind, Importer>;

  constructor(
    users: UsersImporter,
    bots: BotsImporter,
    topics: TopicsImporter,
    chats: ChatsImporter,
    messages: MessagesImporter,
    prompts: PromptsImporter,
  ) {
    this.byKind = { users, bots, topics, chats, messages, prompts, files: new UnbroughtFiles() };
  }
}
