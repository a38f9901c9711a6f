import { Module } from '@nestjs/common';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { PromptsModule } from '../../prompts/prompts.module.js';
import { NotebookAccountsController } from './notebook.accounts.controller.js';
import { NotebookAccounts } from './notebook.accounts.js';
import { NotebookChatsController } from './notebook.chats.controller.js';
import { NotebookChats } from './notebook.chats.js';
import { NotebookPromptsController } from './notebook.prompts.controller.js';
import { NotebookPrompts } from './notebook.prompts.js';

/** The surface `notebook`. */
@Module({
  imports: [ConversationsModule, PromptsModule],
  controllers: [NotebookAccountsController, NotebookChatsController, NotebookPromptsController],
  providers: [NotebookAccounts, NotebookChats, NotebookPrompts],
})
export class NotebookModule {}
