import { type DynamicModule, Module } from '@nestjs/common';
import { JobsModule } from '../libs/jobs/jobs.module.js';
import { LimitsModule } from '../libs/limits/limits.module.js';
import { StreamsModule } from '../libs/streams/streams.module.js';
import { Foundation1795000000000 } from '../migrations/1795000000000-foundation.js';
import { Usage1795100000000 } from '../migrations/1795100000000-usage.js';
import { Turns1795200000000 } from '../migrations/1795200000000-turns.js';
import { Files1795300000000 } from '../migrations/1795300000000-files.js';
import { Speech1795400000000 } from '../migrations/1795400000000-speech.js';
import { Clips1795500000000 } from '../migrations/1795500000000-clips.js';
import { VoiceTurns1795600000000 } from '../migrations/1795600000000-voice-turns.js';
import { Learning1795700000000 } from '../migrations/1795700000000-learning.js';
import { Documents1795800000000 } from '../migrations/1795800000000-documents.js';
import { Uploads1795900000000 } from '../migrations/1795900000000-uploads.js';
import { Talk1796200000000 } from '../migrations/1796200000000-talk.js';
import { PromptTerms1796100000000 } from '../migrations/1796100000000-prompt-terms.js';
import { Search1796300000000 } from '../migrations/1796300000000-search.js';
import { Audit1796400000000 } from '../migrations/1796400000000-audit.js';
import { ApiKeys1796400000001 } from '../migrations/1796400000001-api-keys.js';
import { Privacy1796500000000 } from '../migrations/1796500000000-privacy.js';
import { ApiKey } from './api-keys/api-key.entity.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AuditEvent } from './audit/audit-event.entity.js';
import { AuditModule } from './audit/audit.module.js';
import { Context1796600000000 } from '../migrations/1796600000000-context.js';
import { Leaving1796700000000 } from '../migrations/1796700000000-leaving.js';
import { Running1796800000000 } from '../migrations/1796800000000-running.js';
import { PromptTitles1797100000000 } from '../migrations/1797100000000-prompt-titles.js';
import { Imports1796900000000 } from '../migrations/1796900000000-imports.js';
import { Practice1797000000000 } from '../migrations/1797000000000-practice.js';
import { AuthModule } from './auth/auth.module.js';
import { Session } from './auth/session.entity.js';
import { Chatbot } from './chatbots/chatbot.entity.js';
import { ChatbotsModule } from './chatbots/chatbots.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { Conversation } from './conversations/conversation.entity.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { MessageFile } from './conversations/message-file.entity.js';
import { Message } from './conversations/message.entity.js';
import { SearchTerm } from './conversations/search-term.entity.js';
import { SUMMARIZE } from './conversations/summaries.js';
import { GIVE_TITLE } from './conversations/titles.js';
import { DatabaseModule } from './database/database.module.js';
import { BlobRemoval } from './files/blob-removal.entity.js';
import { EXTRACT } from './files/extractions.js';
import { FilePassage } from './files/file-passage.entity.js';
import { FilesModule } from './files/files.module.js';
import { StoredFile } from './files/stored-file.entity.js';
import { HealthModule } from './health/health.module.js';
import { ImportMark } from './imports/import-mark.entity.js';
import { ImportSource } from './imports/import-source.entity.js';
import { ImportedAccount } from './imports/imported-account.entity.js';
import { LearningModule } from './learning/learning.module.js';
import { LegacyModule } from './legacy/legacy.module.js';
import { Review } from './learning/review.entity.js';
import { REVIEW } from './learning/review.jobs.js';
import { DataExport } from './privacy/data-export.entity.js';
import { EXPORT } from './privacy/data-export.jobs.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { PromptScope } from './prompts/prompt-scope.entity.js';
import { PromptTag } from './prompts/prompt-tag.entity.js';
import { PromptTerm } from './prompts/prompt-term.entity.js';
import { Prompt } from './prompts/prompt.entity.js';
import { PromptsModule } from './prompts/prompts.module.js';
import { SpeechModule } from './speech/speech.module.js';
import { TranscriberModule } from './speech/transcriber.module.js';
import { TranscriptionPiece } from './speech/transcription-piece.entity.js';
import { Transcription } from './speech/transcription.entity.js';
import { TRANSCRIBE } from './speech/transcription.jobs.js';
import { SpeechClip } from './speech/speech-clip.entity.js';
import { VoiceTurn } from './speech/voice-turn.entity.js';
import { VOICE_TURN } from './speech/voice-turn.handover.js';
import { VoiceTurnsModule } from './speech/voice-turns.module.js';
import { VoicesModule } from './speech/voices.module.js';
import { Suggestion } from './suggestions/suggestion.entity.js';
import { SuggestionsModule } from './suggestions/suggestions.module.js';
import { Topic } from './topics/topic.entity.js';
import { TopicsModule } from './topics/topics.module.js';
import { UsageDay } from './usage/usage-day.entity.js';
import { UsageModule } from './usage/usage.module.js';
import { User } from './users/user.entity.js';

export const ENTITIES = [
  User,
  Session,
  ApiKey,
  AuditEvent,
  Chatbot,
  Topic,
  PromptScope,
  Prompt,
  PromptTerm,
  PromptTag,
  Conversation,
  Message,
  SearchTerm,
  UsageDay,
  StoredFile,
  BlobRemoval,
  FilePassage,
  MessageFile,
  Review,
  Suggestion,
  Transcription,
  TranscriptionPiece,
  SpeechClip,
  VoiceTurn,
  DataExport,
  ImportSource,
  ImportMark,
  ImportedAccount,
];
export const MIGRATIONS = [
  Foundation1795000000000,
  Usage1795100000000,
  Turns1795200000000,
  Files1795300000000,
  Speech1795400000000,
  Clips1795500000000,
  VoiceTurns1795600000000,
  Learning1795700000000,
  Documents1795800000000,
  Uploads1795900000000,
  PromptTerms1796100000000,
  Talk1796200000000,
  Search1796300000000,
  Audit1796400000000,
  ApiKeys1796400000001,
  Privacy1796500000000,
  Context1796600000000,
  Leaving1796700000000,
  Running1796800000000,
  PromptTitles1797100000000,
  Imports1796900000000,
  Practice1797000000000,
];

/** Every job that there is, but those with a lane of their own. */
const JOBS = [SUMMARIZE];

/** A job of speech whose process died before it had begun is begun elsewhere within five times as long. */
const SPEECH_LOCK_MS = 2_000;

/** Jobs that take long: many of a kind hold up no other. */
const lanesOf = (env: Env) => [
  { name: 'speech', jobs: [TRANSCRIBE], concurrency: env.SPEECH_CONCURRENCY, lockMs: SPEECH_LOCK_MS },
  { name: 'voice-turns', jobs: [VOICE_TURN], concurrency: VOICE_TURNS_AT_ONCE, lockMs: SPEECH_LOCK_MS },
  { name: 'learning', jobs: [REVIEW], concurrency: REVIEWS_AT_ONCE },
  { name: 'documents', jobs: [EXTRACT], concurrency: env.DOCUMENTS_CONCURRENCY },
  { name: 'privacy', jobs: [EXPORT], concurrency: EXPORTS_AT_ONCE },
  { name: 'titles', jobs: [GIVE_TITLE], concurrency: TITLES_AT_ONCE, lockMs: TITLES_LOCK_MS },
];

/** Voice turns that one process works on at a time; most of their time they wait for their model. */
const VOICE_TURNS_AT_ONCE = 50;

/** Reviews that one process asks models for at a time. */
const REVIEWS_AT_ONCE = 8;

/** Exports that one process puts together at a time: each reads all that somebody has. */
const EXPORTS_AT_ONCE = 2;

/** Titles that one process asks models for at a time: every new conversation wants one. */
const TITLES_AT_ONCE = 8;
/** A title whose process died is given elsewhere within half a minute: people look at their lists. */
const TITLES_LOCK_MS = 5_000;

/** How long a running job may go on at a shutdown; turns have their own time, and a job is run again. */
const JOB_GRACE_MS = 2_000;

/** How long the events of an ended turn can be read from the stream; afterwards they are rebuilt from its row. */
const STREAM_RETENTION_MS = 60_000;

/**
 * What every process of Parley stands on.
 * @param runsJobs in this process: it is a worker, or there is no Redis to hand them on
 */
export function ground(env: Env, runsJobs = env.REDIS_URL === undefined): DynamicModule[] {
  const redisUrl = env.REDIS_URL;
  const prefix = `parley:${env.INSTALLATION}`;
  return [
    ConfigModule.of(env),
    DatabaseModule.forRoot({ entities: ENTITIES, migrations: MIGRATIONS }),
    LimitsModule.of({ redisUrl, prefix, scale: env.RATE_LIMIT_SCALE }),
    JobsModule.of({
      redisUrl,
      prefix: `${prefix}:bull`,
      names: JOBS,
      lanes: lanesOf(env),
      process: runsJobs,
      graceMs: JOB_GRACE_MS,
    }),
    StreamsModule.of({ redisUrl, prefix, retentionMs: STREAM_RETENTION_MS }),
    TranscriberModule.of(env, runsJobs),
  ];
}

/** The API: the map of the system. */
@Module({})
export class AppModule {
  static of(env: Env): DynamicModule {
    const features = [
      HealthModule,
      AuthModule,
      ApiKeysModule,
      AuditModule,
      ChatbotsModule,
      TopicsModule,
      PromptsModule,
      FilesModule,
      ConversationsModule,
      SuggestionsModule,
      LearningModule,
      SpeechModule,
      UsageModule,
      VoicesModule,
      VoiceTurnsModule,
      PrivacyModule,
    ];
    return { module: AppModule, imports: [...ground(env), ...features, LegacyModule.of(env)] };
  }
}
