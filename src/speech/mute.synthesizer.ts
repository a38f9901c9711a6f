import { SpeechError, SpeechSynthesizer, type Voice } from './synthesizer.js';

/** `SpeechSynthesizer` of an installation that has none: says so. */
export class MuteSynthesizer extends SpeechSynthesizer {
  readonly name = 'none';
  readonly maxCharacters = 1;

  override voices(): Voice[] {
    return [];
  }

  // oxlint-disable-next-line require-yield
  override async *synthesize(): AsyncGenerator<Uint8Array> {
    throw new SpeechError('voice_not_set_up', false);
  }
}
