import { applyDecorators, type Type } from '@nestjs/common';
import { ApiDefaultResponse, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { CompanionRefusalDto } from './dto/bot.dto.js';

/** Describes a route about chats and bots: what it answers, or why it does not, with the status 200 both. */
export const ApiAnswer = (answer: Type) =>
  applyDecorators(
    ApiExtraModels(answer, CompanionRefusalDto),
    ApiOkResponse({
      description: 'What was asked for; or `code` -1, and in `msg` why it cannot be done.',
      schema: { anyOf: [answer, CompanionRefusalDto].map((one) => ({ $ref: getSchemaPath(one) })) },
    }),
    ApiDefaultResponse({ type: CompanionRefusalDto, description: 'Any other error.' }),
  );

/** Describes the errors of routes about accounts. */
export const ApiAccountErrors = () =>
  ApiDefaultResponse({
    description:
      'Any error: in `detail` what it is; or of each wrong field, by its name, what is wrong with it.',
    schema: {
      type: 'object',
      additionalProperties: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      example: { username: ['A user with that username already exists.'] },
    },
  });
