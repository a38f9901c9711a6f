import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ground } from './app.module.js';
import { AuthModule } from './auth/auth.module.js';
import { JsonLogger } from './common/json-logger.js';
import type { Env } from './config/env.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { FilesModule } from './files/files.module.js';
import { LearningModule } from './learning/learning.module.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { SpeechModule } from './speech/speech.module.js';
import { VoiceTurnsModule } from './speech/voice-turns.module.js';

/** The worker: what goes on without a request. The features bring it along; nothing here listens on a port. */
@Module({})
export class WorkerModule {
  static of(env: Env): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ...ground(env, true),
        AuthModule,
        FilesModule,
        ConversationsModule,
        SpeechModule,
        VoiceTurnsModule,
        LearningModule,
        PrivacyModule,
      ],
    };
  }
}

/** The worker, at work when this returns; a signal ends it in order. */
export async function startWorker(env: Env): Promise<INestApplicationContext> {
  const worker = await NestFactory.createApplicationContext(WorkerModule.of(env), {
    logger: new JsonLogger(env.DEBUG),
    abortOnError: false,
  });
  return worker.enableShutdownHooks(undefined, { useProcessExit: true });
}
