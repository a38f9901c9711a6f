import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { AskedTurnsService } from '../../conversations/asked-turns.service.js';
import type { TurnDto } from '../../conversations/dto/turn.dto.js';
import { HeardMessagesService } from '../../speech/heard-messages.service.js';
import { NEW } from './dto/old-id.js';
import type {
  TutorHeardDto,
  TutorPromptDto,
  TutorResponseDto,
  TutorRoundDto,
  TutorVoiceDto,
  TutorWordDto,
} from './dto/turn.dto.js';
import { withSound } from './spoken-audio.js';
import { refused } from './tutor.errors.js';
import { type Place, TutorPlaces } from './tutor.places.js';
import { TutorVoices } from './tutor.voices.js';

/** Turns, as the surface `tutor` knows them: by the user's message in them. */
@Injectable()
export class TutorTurns {
  constructor(
    private readonly places: TutorPlaces,
    private readonly heard: HeardMessagesService,
    private readonly asked: AskedTurnsService,
    private readonly voices: TutorVoices,
  ) {}

  /** What was said aloud is a turn without a response. */
  hear(user: AuthUser, { user_id, topic_id, prompt_voice }: TutorVoiceDto): Promise<TutorHeardDto> {
    const given = required({ user_id, topic_id, prompt_voice });
    return this.places.on(user, given.topic_id, async (place) => {
      const { id, content } = await this.understood(user, place, given.prompt_voice);
      return { topic_id: place.topicId, conversation_id: id, prompt: content, audio_assessment: '' };
    });
  }

  async respond(
    user: AuthUser,
    { user_id, topic_id, conversation_id, prompt_word }: TutorPromptDto,
  ): Promise<TutorResponseDto> {
    const given = required({ user_id, topic_id, conversation_id, prompt_word });
    if (given.conversation_id === NEW)
      return this.places.on(user, given.topic_id, async (place) =>
        responseOf(place, await this.asked.say(user.id, place.conversationId, given.prompt_word)),
      );
    const place = await this.places.find(user, given.conversation_id, given.topic_id);
    return responseOf(place, await this.asked.answer(user.id, place.prompt.id, given.prompt_word));
  }

  /** The whole round with something typed. */
  sendWord(user: AuthUser, { user_id, topic_id, prompt_word }: TutorWordDto): Promise<TutorRoundDto> {
    const given = required({ user_id, topic_id, prompt_word });
    return this.places.on(user, given.topic_id, async (place) =>
      this.round(user, place, await this.asked.say(user.id, place.conversationId, given.prompt_word)),
    );
  }

  /** The whole round with something said aloud. */
  sendVoice(user: AuthUser, { user_id, topic_id, prompt_voice }: TutorVoiceDto): Promise<TutorRoundDto> {
    const given = required({ user_id, topic_id, prompt_voice });
    return this.places.on(user, given.topic_id, async (place) => {
      const { id, content } = await this.understood(user, place, given.prompt_voice);
      return this.round(user, place, await this.asked.answer(user.id, id, content));
    });
  }

  private understood(user: AuthUser, { conversationId }: Place, voice: string) {
    return withSound(voice, '', (sound) => this.heard.hear(user.id, conversationId, sound));
  }

  private async round(user: AuthUser, place: Place, turn: TurnDto): Promise<TutorRoundDto> {
    const { topic_id, response } = responseOf(place, turn);
    const response_voice = await this.voices.ofAnswer(user, turn.assistantMessage.id);
    return { response_word: response, response_voice, topic_id };
  }
}

/** @throws SurfaceError with why there is no answer */
function responseOf({ topicId }: Place, { userMessage, assistantMessage }: TurnDto): TutorResponseDto {
  const { status, content, error } = assistantMessage;
  const isGiven = (status === 'completed' || status === 'stopped') && content !== '';
  if (!isGiven) throw refused(502, error?.message ?? 'There is no response.');
  return { topic_id: topicId, conversation_id: userMessage.id, response: content };
}

type Given<T> = { [K in keyof T]-?: NonNullable<T[K]> };

/** @throws SurfaceError `Missing required data!` where a field is absent or blank */
function required<T extends object>(fields: T): Given<T> {
  const isGiven = (value: unknown): boolean =>
    typeof value === 'string' ? value.trim() !== '' : value !== undefined;
  if (!hasAll(fields, isGiven)) throw refused(400, 'Missing required data!');
  return fields;
}

function hasAll<T extends object>(fields: T, isGiven: (value: unknown) => boolean): fields is T & Given<T> {
  return Object.values(fields).every(isGiven);
}
