import { SPEECH_FORMATS, type SpeechFormat, type Voice } from '../synthesizer.js';

/** Somebody who speaks. */
export class VoiceDto {
  /**
   * What requests name it by.
   * @example 'en-us'
   */
  id!: string;

  /** @example 'English (America)' */
  name!: string;

  /**
   * The language that it speaks, as a tag; null where it follows the text.
   * @example 'en-us'
   */
  language!: string | null;

  /**
   * True of the one that speaks where none is named and the text is in no other language.
   * @example true
   */
  isDefault!: boolean;
}

/** Who speaks here. */
export class VoiceListDto {
  /** Empty where speaking is not set up. */
  items!: VoiceDto[];

  /**
   * Whose voices these are: `openai`, `qwen`, `espeak`, or `none`.
   * @example 'espeak'
   */
  provider!: string;

  /**
   * What clips come as.
   * @example ['mp3', 'wav', 'opus']
   */
  formats!: SpeechFormat[];

  static of(provider: string, voices: Voice[], standard: Voice | undefined): VoiceListDto {
    const items = voices.map(({ id, name, language }) => ({
      id,
      name,
      language,
      isDefault: id === standard?.id,
    }));
    return { items, provider, formats: [...SPEECH_FORMATS] };
  }
}
