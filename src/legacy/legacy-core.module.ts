import { Global, Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { UsersModule } from '../users/users.module.js';
import { CallerGuard } from './caller.guard.js';
import { FormCallers } from './form-callers.service.js';
import { LegacyAccounts } from './legacy-accounts.service.js';
import { TrustedCallers } from './trusted-callers.service.js';

/** What all surfaces stand on: who calls, and accounts by their rules. */
@Global()
@Module({
  imports: [AuthModule, UsersModule, TopicsModule, ConversationsModule],
  providers: [CallerGuard, TrustedCallers, FormCallers, LegacyAccounts],
  exports: [CallerGuard, TrustedCallers, FormCallers, LegacyAccounts],
})
export class LegacyCoreModule {}
