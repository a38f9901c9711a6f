import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { VoiceListDto } from './dto/voice.dto.js';
import { SpeechSynthesizer } from './synthesizer.js';
import { chooseVoice, standardVoice } from './voice-choice.js';

/** The voices of this installation. */
@Injectable()
export class VoicesService {
  constructor(
    private readonly synthesizer: SpeechSynthesizer,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** All of them; none where nothing that speaks is set up. */
  list(): VoiceListDto {
    const voices = this.synthesizer.voices();
    return VoiceListDto.of(this.synthesizer.name, voices, standardVoice(voices, this.env.TTS_VOICE));
  }

  /** Who speaks a text: see `chooseVoice`. @throws SpeechError `voice_unknown`, `voice_not_set_up` */
  choose(text: string, asked?: string | null): string {
    return chooseVoice(this.synthesizer.voices(), text, { asked, standard: this.env.TTS_VOICE });
  }
}
