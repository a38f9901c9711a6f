import { Injectable } from '@nestjs/common';
import { Transcriber } from '../../libs/whisper/transcriber.js';
import type { SpeechDto } from './dto/speech.dto.js';

/** What sets speech up where nothing does. */
export const SET_UP_COMMANDS = ['scripts/build-whisper', 'scripts/get-whisper-model base'];

/** What this installation can do with speech. */
@Injectable()
export class SpeechService {
  constructor(private readonly transcriber: Transcriber) {}

  capabilities(): SpeechDto {
    const { condition, places, services, reason } = this.transcriber.state();
    const engines = services.filter(({ ready }) => ready).map(({ engine }) => engine ?? '');
    const isMissing = condition === 'not_set_up';
    return {
      transcription: {
        state: condition,
        engines: [...new Set(engines)],
        places,
        // Why one is down names machines, which are nobody's business but the operator's.
        reason: isMissing ? reason : null,
        commands: isMissing ? SET_UP_COMMANDS : [],
      },
    };
  }
}
