import { applyDecorators } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiProduces,
  getSchemaPath,
} from '@nestjs/swagger';
import { ProblemDto } from '../common/problem.dto.js';
import { TURN_EVENTS, TurnDto } from './dto/turn.dto.js';

const EVENTS = {
  description:
    'Server-sent events, each with `id` (1, 2, 3 …), `event` and `data` (JSON): `message.created`, any number of ' +
    '`message.delta`, then exactly one of `message.completed`, `message.stopped`, `message.interrupted`, ' +
    '`message.failed`. A comment line every 10 seconds keeps proxies awake. A client that was cut off goes on with ' +
    'GET messages/{id}/events and the last id it has seen.',
  content: {
    'text/event-stream': { schema: { oneOf: TURN_EVENTS.map((event) => ({ $ref: getSchemaPath(event) })) } },
  },
};

/** Describes a route that answers with the events of a turn. */
export const ApiTurnEvents = () => applyDecorators(ApiExtraModels(...TURN_EVENTS), ApiOkResponse(EVENTS));

/** Describes a route that makes a turn. */
export const ApiTurn = () =>
  applyDecorators(
    ApiTurnEvents(),
    ApiExtraModels(TurnDto, ProblemDto),
    ApiProduces('application/json', 'text/event-stream'),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        '1 to 255 visible ASCII characters. The same key again within 24 hours attaches to the turn that it made ' +
        '(`Idempotent-Replayed: true`); with another request it is refused (422).',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    ApiCreatedResponse({
      description:
        'Without `Accept: text/event-stream`: both messages, when the answer has ended. Its `status` says how; it is ' +
        '`failed`, with `error`, where the language model failed.',
      content: { 'application/json': { schema: { $ref: getSchemaPath(TurnDto) } } },
    }),
    ApiConflictResponse({
      description: '`turn_running` with `runningMessageId`; `chatbot_deleted`.',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
