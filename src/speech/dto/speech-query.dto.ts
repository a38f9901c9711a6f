import { IsIn, IsString } from 'class-validator';
import { MaxLength, Optional } from '../../common/validation.js';
import { SPEECH_FORMATS, type SpeechFormat } from '../synthesizer.js';

/** How a message is spoken. */
export class SpeechQueryDto {
  /**
   * One of `speech/voices`. Without it: the default one, or one for the text's language.
   * @example 'en-us'
   */
  @Optional()
  @IsString()
  @MaxLength(60)
  voice?: string;

  /**
   * `opus` is Opus in Ogg.
   * @example 'mp3'
   */
  @Optional()
  @IsIn(SPEECH_FORMATS)
  format?: SpeechFormat;
}
