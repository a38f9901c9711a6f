import { applyDecorators } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiProduces,
  ApiQuery,
  getSchemaPath,
} from '@nestjs/swagger';
import { ProblemDto } from '../common/problem.dto.js';
import { ApiUpload } from '../files/upload.js';
import { SendVoiceMessageDto } from './dto/voice-message.dto.js';
import { VOICE_TURN_EVENTS } from './dto/voice-turn-events.dto.js';
import { VoiceMessageDto } from './dto/voice-turn.dto.js';
import { POSITION_PATTERN } from './voice-turn.position.js';

const EVENTS = {
  description:
    'Server-sent events, each with `id`, `event` and `data` (JSON): `voice.created`; events of the transcription, of ' +
    'which the last is `transcript`; then the events of the turn, as of a typed message, and `speech.sentence` for each ' +
    'sentence that can be listened to, or once `speech.failed`; at last exactly one of `voice.done`, `voice.failed`, ' +
    '`voice.cancelled`. An id such as `t.m17.s3` says how far the transcription, the turn and the speaking have been ' +
    'given; a client that was cut off goes on with the last one that it has seen. A comment line every 10 seconds keeps ' +
    'proxies awake.',
  content: {
    'text/event-stream': {
      schema: { oneOf: VOICE_TURN_EVENTS.map((event) => ({ $ref: getSchemaPath(event) })) },
    },
  },
};

const ApiEvents = () => applyDecorators(ApiExtraModels(...VOICE_TURN_EVENTS), ApiOkResponse(EVENTS));

/** Describes the route that answers with the events of a voice turn. */
export const ApiVoiceTurnEvents = () =>
  applyDecorators(
    ApiEvents(),
    ApiQuery({
      name: 'after',
      required: false,
      schema: { type: 'string', pattern: POSITION_PATTERN },
      description: 'The last event id that was seen.',
      example: 't.m17.s3',
    }),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'As `after`; browsers send it by themselves.',
    }),
  );

/** Describes the route that takes what was said. */
export const ApiVoiceMessage = () =>
  applyDecorators(
    ApiEvents(),
    ApiUpload(SendVoiceMessageDto, 'What was said: sound in any usual container, whatever it is called.'),
    ApiExtraModels(VoiceMessageDto, ProblemDto),
    ApiProduces('application/json', 'text/event-stream'),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        '1 to 255 visible ASCII characters. The same key again within 24 hours, with the same recording and options, ' +
        'attaches to the voice turn that it made (`Idempotent-Replayed: true`); with others it is refused (422).',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    ApiCreatedResponse({
      description:
        'Without `Accept: text/event-stream`: all that came of it, when it has ended. Its `status` says how.',
      content: { 'application/json': { schema: { $ref: getSchemaPath(VoiceMessageDto) } } },
    }),
    ApiConflictResponse({
      description: '`turn_running` with `runningVoiceTurnId` or `runningMessageId`.',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
