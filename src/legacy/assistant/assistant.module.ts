import { Module } from '@nestjs/common';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { FilesModule } from '../../files/files.module.js';
import { SuggestionsModule } from '../../suggestions/suggestions.module.js';
import { AssistantChat } from './assistant.chat.js';
import { AssistantChatController } from './assistant.chat.controller.js';
import { AssistantConversations } from './assistant.conversations.js';
import { AssistantConversationsController } from './assistant.conversations.controller.js';
import { AssistantFiles } from './assistant.files.js';
import { AssistantFilesController } from './assistant.files.controller.js';
import { AssistantSuggestions } from './assistant.suggestions.js';
import { AssistantUsers } from './assistant.users.js';
import { AssistantUsersController } from './assistant.users.controller.js';

/** The surface `assistant`: an assistant with files, whose answers come as plain text. */
@Module({
  imports: [ConversationsModule, FilesModule, SuggestionsModule],
  controllers: [
    AssistantChatController,
    AssistantConversationsController,
    AssistantFilesController,
    AssistantUsersController,
  ],
  providers: [AssistantChat, AssistantConversations, AssistantFiles, AssistantSuggestions, AssistantUsers],
})
export class AssistantModule {}
