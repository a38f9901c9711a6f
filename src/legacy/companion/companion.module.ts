import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module.js';
import { ChatbotsModule } from '../../chatbots/chatbots.module.js';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { PrivacyModule } from '../../privacy/privacy.module.js';
import { CompanionAccountsController } from './companion.accounts.controller.js';
import { CompanionAccounts } from './companion.accounts.js';
import { CompanionBotsController } from './companion.bots.controller.js';
import { CompanionBots } from './companion.bots.js';
import { CompanionChatsController } from './companion.chats.controller.js';
import { CompanionChats } from './companion.chats.js';

/** The surface `companion`: bots that people keep company with, one running chat with each. */
@Module({
  imports: [AuthModule, ChatbotsModule, ConversationsModule, PrivacyModule],
  controllers: [CompanionChatsController, CompanionBotsController, CompanionAccountsController],
  providers: [CompanionChats, CompanionBots, CompanionAccounts],
})
export class CompanionModule {}
