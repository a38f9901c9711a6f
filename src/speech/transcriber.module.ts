import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Signals } from '../../libs/streams/signals.js';
import { GrpcTranscriber } from '../../libs/whisper/grpc-transcriber.js';
import { Transcriber } from '../../libs/whisper/transcriber.js';
import { parseAddress } from '../../libs/whisper/whisper-address.js';
import type { Env } from '../config/env.js';
import { announce, AnnouncedTranscriber } from './announced.transcriber.js';
import { EmbeddedTranscriber } from './embedded.transcriber.js';
import { SpeechController } from './speech.controller.js';
import { SpeechService } from './speech.service.js';
import { findSetup } from './whisper-setup.js';

/** The transcriber begins with the process, and ends when no job needs it any more. */
class TranscriberLife implements OnApplicationBootstrap, OnApplicationShutdown {
  private silence: (() => void) | undefined;

  constructor(
    private readonly transcriber: Transcriber,
    private readonly signals: Signals,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!(this.transcriber instanceof EmbeddedTranscriber)) return;
    await this.transcriber.start();
    this.silence = announce(this.transcriber, this.signals);
  }

  async onApplicationShutdown(): Promise<void> {
    this.silence?.();
    await this.transcriber.close();
  }
}

/** Speech into text: over Whisper machines, or one of this process's own. */
@Global()
@Module({})
export class TranscriberModule {
  /** @param runsJobs in this process, which then needs a transcriber; otherwise it only knows how the others' are */
  static of(env: Env, runsJobs: boolean): DynamicModule {
    const transcriber = {
      provide: Transcriber,
      useFactory: (signals: Signals) => make(env, runsJobs, signals),
      inject: [Signals],
    };
    const life = {
      provide: TranscriberLife,
      useFactory: (one: Transcriber, signals: Signals) => new TranscriberLife(one, signals),
      inject: [Transcriber, Signals],
    };
    return {
      module: TranscriberModule,
      controllers: [SpeechController],
      providers: [transcriber, life, SpeechService],
      exports: [Transcriber],
    };
  }
}

function make(env: Env, runsJobs: boolean, signals: Signals): Transcriber {
  const addresses = env.WHISPER_URL.map((address) => parseAddress(address)!);
  if (addresses.length > 0) return new GrpcTranscriber({ addresses, token: env.WHISPER_TOKEN });
  return runsJobs ? new EmbeddedTranscriber(() => findSetup(env)) : new AnnouncedTranscriber(signals);
}
