import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ChatbotsModule } from '../chatbots/chatbots.module.js';
import { FilePassage } from '../files/file-passage.entity.js';
import { FilesModule } from '../files/files.module.js';
import { LlmModule } from '../llm/llm.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { AskedTurnsService } from './asked-turns.service.js';
import { AsidesService } from './asides.service.js';
import { Branches } from './branches.js';
import { ConversationErasure } from './conversation-erasure.service.js';
import { Conversation } from './conversation.entity.js';
import { ConversationList } from './conversation.list.js';
import { ConversationPartners } from './conversation.partners.js';
import { ConversationSearch } from './conversation.search.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { DocumentPassages } from './document-passages.js';
import { Message } from './message.entity.js';
import { ExchangesService } from './exchanges.service.js';
import { MessageRecordings } from './message-recordings.service.js';
import { MessageFile } from './message-file.entity.js';
import { MessageFiles } from './message-files.js';
import { MessageRecords } from './message-records.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';
import { RunningConversations } from './running-conversations.js';
import { RunningTalksService } from './running-talks.service.js';
import { RunningConversationsController } from './running-conversations.controller.js';
import { SearchIndex } from './search.index.js';
import { SearchIndexer } from './search.indexer.js';
import { SearchTerm } from './search-term.entity.js';
import { NamedConversations } from './named-conversations.service.js';
import { PassageRanker } from './passage-ranker.js';
import { Summaries } from './summaries.js';
import { SummaryWriter } from './summary.writer.js';
import { TitleWriter } from './title.writer.js';
import { Titles } from './titles.js';
import { TurnAcceptance } from './turn.acceptance.js';
import { TurnAttachments } from './turn.attachments.js';
import { TurnAudience } from './turn.audience.js';
import { TurnBudget } from './turn.budget.js';
import { TurnDelivery } from './turn.delivery.js';
import { TurnDocuments } from './turn.documents.js';
import { TurnEnding } from './turn.ending.js';
import { TurnEngine } from './turn.engine.js';
import { TurnEvents } from './turn.events.js';
import { TurnJournal } from './turn.journal.js';
import { TurnLease } from './turn.lease.js';
import { TurnPictures } from './turn.pictures.js';
import { TurnPrompt } from './turn.prompt.js';
import { TurnReplays } from './turn.replays.js';
import { TurnSequel } from './turn.sequel.js';
import { TurnSettings } from './turn.settings.js';
import { TurnStarter } from './turn.starter.js';
import { TurnStartLine } from './turn.start-line.js';
import { TurnStore } from './turn.store.js';
import { TurnSweeper } from './turn.sweeper.js';
import { TurnsService } from './turns.service.js';

/** Conversations, their messages, and the turns that make them. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Conversation, Message, MessageFile, SearchTerm, FilePassage]),
    ChatbotsModule,
    TopicsModule,
    FilesModule,
    LlmModule,
    UsageModule,
  ],
  controllers: [ConversationsController, RunningConversationsController, MessagesController],
  providers: [
    ...[
      ConversationsService,
      ConversationErasure,
      MessagesService,
      MessageFiles,
      MessageRecords,
      TurnsService,
      Branches,
      AsidesService,
      AskedTurnsService,
    ],
    ...[
      ConversationPartners,
      RunningConversations,
      RunningTalksService,
      ConversationList,
      NamedConversations,
    ],
    ...[ExchangesService, MessageRecordings],
    ...[ConversationSearch, SearchIndex, SearchIndexer],
    ...[DocumentPassages, PassageRanker, TurnDocuments, TurnPictures, TurnAttachments],
    ...[
      SummaryWriter,
      Summaries,
      TitleWriter,
      Titles,
      TurnSequel,
      TurnSettings,
      TurnPrompt,
      TurnBudget,
      TurnReplays,
      TurnStore,
      TurnAcceptance,
      TurnStarter,
      TurnStartLine,
      TurnEngine,
      TurnAudience,
      TurnLease,
      TurnJournal,
      TurnEvents,
      TurnEnding,
      TurnDelivery,
      TurnSweeper,
    ],
  ],
  exports: [
    ExchangesService,
    MessageRecordings,
    ConversationErasure,
    ConversationsService,
    MessagesService,
    RunningTalksService,
    NamedConversations,
    TurnsService,
    AsidesService,
    AskedTurnsService,
    TurnEvents,
    TurnDelivery,
  ],
})
export class ConversationsModule {}
