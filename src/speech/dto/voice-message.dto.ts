import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Matches, Max, Min } from 'class-validator';
import { MaxLength, NotBlank, Optional } from '../../common/validation.js';
import { ON_DISCONNECT, type OnDisconnect } from '../../conversations/message.entity.js';
import { SPEECH_FORMATS, type SpeechFormat } from '../synthesizer.js';

/** Forms have text only. */
const Flag = () => Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : value));

/** How something that was said is to be taken, and answered. */
export class SendVoiceMessageDto {
  /**
   * What is spoken, as a language tag; its first part counts. Without it the engine finds out.
   * @example 'zh'
   */
  @Optional()
  @IsString()
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*$/, { context: { rule: 'isLanguageTag' } })
  @MaxLength(35)
  language?: string;

  /**
   * Who speaks the answer (GET speech/voices). Without it the server's own choice.
   * @example 'en-us'
   */
  @Optional()
  @IsString()
  @NotBlank()
  @MaxLength(60)
  voice?: string;

  /**
   * What the sentences come as; `mp3`, if not given.
   * @example 'mp3'
   */
  @Optional()
  @IsIn(SPEECH_FORMATS)
  format?: SpeechFormat;

  /**
   * Whether what was said is answered; it is, if nothing is said. Without, it stands at the end of the active branch as a
   * message that waits for its answer (POST messages/{id}/regenerate), and can be reworded before (PATCH messages/{id}).
   * @example true
   */
  @ApiPropertyOptional()
  @Optional()
  @Flag()
  @IsBoolean()
  answer?: boolean;

  /**
   * Whether the answer is spoken; it is, if nothing is said.
   * @example true
   */
  @ApiPropertyOptional()
  @Optional()
  @Flag()
  @IsBoolean()
  speak?: boolean;

  /**
   * Whether the transcription has words with their times and probabilities, too, as an estimate of pronunciation
   * needs them; true when absent.
   * @example false
   */
  @ApiPropertyOptional()
  @Optional()
  @Flag()
  @IsBoolean()
  words?: boolean;

  /**
   * The answer of this conversation to go on from, 0 for its beginning. Without it the conversation goes on from its
   * active branch; what is not answered stands there in any case.
   * @example 42
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  replyTo?: number;

  /**
   * What becomes of the answer when nobody listens any more, as for a message that is typed.
   * @example 'continue'
   */
  @Optional()
  @IsIn(ON_DISCONNECT)
  onDisconnect?: OnDisconnect;
}
