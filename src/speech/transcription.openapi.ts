import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiQuery,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiUpload } from '../files/upload.js';
import { TranscribeDto } from './dto/transcribe.dto.js';
import { TRANSCRIPTION_EVENTS } from './dto/transcription-events.dto.js';
import { TranscriptionDto } from './dto/transcription.dto.js';

const EVENTS = {
  description:
    'Server-sent events, each with `id` (1, 2, 3 …), `event` and `data` (JSON): `transcription.created`, any number of ' +
    '`transcription.segment` (in the order of the recording) and `transcription.progress`, then exactly one of ' +
    '`transcription.done`, `transcription.failed`, `transcription.cancelled`. A comment line every 10 seconds keeps ' +
    'proxies awake. A client that was cut off goes on with the last id it has seen. After the loss of a process a ' +
    'segment may come a second time, with the same `index`.',
  content: {
    'text/event-stream': {
      schema: { oneOf: TRANSCRIPTION_EVENTS.map((event) => ({ $ref: getSchemaPath(event) })) },
    },
  },
};

/** Describes the route that answers with the events of a transcription. */
export const ApiTranscriptionEvents = () =>
  applyDecorators(
    ApiExtraModels(...TRANSCRIPTION_EVENTS),
    ApiQuery({
      name: 'after',
      required: false,
      schema: { type: 'integer', minimum: 0 },
      description: 'The last event id that was seen.',
    }),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'As `after`; browsers send it by themselves.',
    }),
    ApiOkResponse(EVENTS),
  );

/** Describes the route that takes recordings. */
export const ApiTranscribe = () =>
  applyDecorators(
    ApiUpload(
      TranscribeDto,
      'The recording: sound or film in any usual container, whatever it is called. In its place, `fileId` names one ' +
        'that is stored already; then the body may be JSON.',
      true,
    ),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        '1 to 255 visible ASCII characters. The same key again within 24 hours, with the same recording and options, ' +
        'gives the transcription that it made (`Idempotent-Replayed: true`); with others it is refused (422).',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    ApiAcceptedResponse({
      type: TranscriptionDto,
      description: 'It is stored, and will be transcribed. `Location` is where to look.',
    }),
  );
