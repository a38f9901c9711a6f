import { DeltaDto, TurnDto, TurnEndDto, TurnFailureDto } from '../../conversations/dto/turn.dto.js';
import {
  TranscriptionProgressDto,
  TranscriptionSegmentDto,
  TranscriptionStateDto,
} from './transcription-events.dto.js';
import { TranscriptionDto } from './transcription.dto.js';
import { SpokenSentenceDto, VoiceTurnDto } from './voice-turn.dto.js';

export class VoiceTurnStateDto {
  voiceTurn!: VoiceTurnDto;
}

/** What was said. */
export class TranscriptDto {
  /** @example 'Could I have a table for two, please?' */
  text!: string | null;

  /** @example 'en' */
  language!: string | null;

  transcription!: TranscriptionDto;
}

export class SpeechFailureDto {
  /** @example 'speech_unavailable' */
  code!: string;
}

/** `voice.created` is the first event; one of the others is the last. */
export class VoiceTurnEventDto {
  /** @example 't0.m0.s1' */
  id!: string;
  event!: 'voice.created' | 'voice.done' | 'voice.failed' | 'voice.cancelled';
  data!: VoiceTurnStateDto;
}

/** The transcription begins; or it ends without a transcript. */
export class VoiceTranscriptionEventDto {
  /** @example 't1.m0.s1' */
  id!: string;
  event!: 'transcription.created' | 'transcription.failed' | 'transcription.cancelled';
  data!: TranscriptionStateDto;
}

/** Any number of them. */
export class VoiceProgressEventDto {
  /** @example 't3.m0.s1' */
  id!: string;
  event!: 'transcription.progress';
  data!: TranscriptionProgressDto;
}

/** Any number of them. */
export class VoiceSegmentEventDto {
  /** @example 't2.m0.s1' */
  id!: string;
  event!: 'transcription.segment';
  data!: TranscriptionSegmentDto;
}

/** What was said, once, before the turn's own events. */
export class TranscriptEventDto {
  /** @example 't.m0.s1' */
  id!: string;
  event!: 'transcript';
  data!: TranscriptDto;
}

/** Both messages are stored. */
export class VoiceMessageCreatedEventDto {
  /** @example 't.m1.s2' */
  id!: string;
  event!: 'message.created';
  data!: TurnDto;
}

/** Any number of them: the answer, piece by piece. */
export class VoiceMessageDeltaEventDto {
  /** @example 't.m2.s2' */
  id!: string;
  event!: 'message.delta';
  data!: DeltaDto;
}

/** The answer is written; sentences may still follow. */
export class VoiceMessageEndEventDto {
  /** @example 't.m.s4' */
  id!: string;
  event!: 'message.completed' | 'message.stopped' | 'message.interrupted';
  data!: TurnEndDto;
}

/** The language model failed; what there was is kept. */
export class VoiceMessageFailedEventDto {
  /** @example 't.m.s4' */
  id!: string;
  event!: 'message.failed';
  data!: TurnFailureDto;
}

/** A sentence can be listened to; in their order, each as soon as its sound is there. */
export class SpeechSentenceEventDto {
  /** @example 't.m9.s3' */
  id!: string;
  event!: 'speech.sentence';
  data!: SpokenSentenceDto;
}

/** No further sentence is spoken; the answer goes on. */
export class SpeechFailedEventDto {
  /** @example 't.m9.s3' */
  id!: string;
  event!: 'speech.failed';
  data!: SpeechFailureDto;
}

export const VOICE_TURN_EVENTS = [
  VoiceTurnEventDto,
  VoiceTranscriptionEventDto,
  VoiceProgressEventDto,
  VoiceSegmentEventDto,
  TranscriptEventDto,
  VoiceMessageCreatedEventDto,
  VoiceMessageDeltaEventDto,
  VoiceMessageEndEventDto,
  VoiceMessageFailedEventDto,
  SpeechSentenceEventDto,
  SpeechFailedEventDto,
];
