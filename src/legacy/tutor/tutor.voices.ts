import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { ExchangesService } from '../../conversations/exchanges.service.js';
import { RerecordingsService } from '../../speech/rerecordings.service.js';
import { SpokenMessagesService } from '../../speech/spoken-messages.service.js';
import { SurfaceError } from '../surface-error.js';
import { NOTHING } from './dto/old-id.js';
import type {
  TutorReplacedDto,
  TutorRerecordDto,
  TutorSpeakDto,
  TutorVoiceAnswerDto,
} from './dto/turn.dto.js';
import { withSound } from './spoken-audio.js';
import { refused, shaped } from './tutor.errors.js';
import { orRefuse } from './tutor.topics.js';

const RERECORDING = '/rerecord_voice';

/** How turns are heard. */
@Injectable()
export class TutorVoices {
  constructor(
    private readonly exchanges: ExchangesService,
    private readonly spoken: SpokenMessagesService,
    private readonly rerecordings: RerecordingsService,
  ) {}

  /** What is spoken is the answer as it is stored; a turn without one is silent. */
  async speak(user: AuthUser, { conversation_id = NOTHING }: TutorSpeakDto): Promise<TutorVoiceAnswerDto> {
    const find = () => this.exchanges.find(user.id, conversation_id);
    const { answer } = await orRefuse(find, refused(400, 'Invalid conversation'));
    return { response_voice: answer ? await this.ofAnswer(user, answer.id) : '' };
  }

  /** The turn is said once more; see RerecordingsService for what becomes of its text. */
  async rerecord(
    user: AuthUser,
    { conversation_id = NOTHING, prompt_voice = '' }: TutorRerecordDto,
  ): Promise<TutorReplacedDto> {
    const invalid = new SurfaceError(shaped(RERECORDING, 400, 'Invalid conversation ID'));
    await orRefuse(() => this.exchanges.find(user.id, conversation_id), invalid);
    const replace = (sound: Buffer) => this.rerecordings.replace(user.id, conversation_id, sound);
    await orRefuse(() => withSound(prompt_voice, RERECORDING, replace), invalid);
    return { success: true, message: 'Voice replaced successfully' };
  }

  /** Base64 of an answer's MP3; empty where no voice is to be had. */
  async ofAnswer(user: AuthUser, answerId: number): Promise<string> {
    return (await this.spoken.sound(user.id, answerId))?.toString('base64') ?? '';
  }
}
