import { Injectable } from '@nestjs/common';
import { Transcriber } from '../../libs/whisper/transcriber.js';
import { AppError } from '../common/errors.js';

/** Whether recordings can be transcribed in this installation. */
@Injectable()
export class SpeechSetup {
  constructor(private readonly transcriber: Transcriber) {}

  /** One that is down or starts is set up: recordings wait for it. @throws AppError speech_not_set_up */
  assertSetUp(): void {
    if (this.transcriber.state().condition === 'not_set_up') throw new AppError('speech_not_set_up');
  }
}
