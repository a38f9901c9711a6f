import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { WidgetEndDto, WidgetErrorDto, WidgetPieceDto } from './dto/widget.dto.js';

/** Describes a route that asks a language model. */
export const ApiQuestion = () =>
  applyDecorators(
    ApiResponse({
      status: 400,
      description: 'Nothing was asked, or the body is wrong.',
      type: WidgetErrorDto,
    }),
    ApiResponse({
      status: 403,
      description: 'The page’s origin is not in WIDGET_ORIGINS.',
      type: WidgetErrorDto,
    }),
    ApiResponse({ status: 413, description: 'The body is larger than 1 MiB.', type: WidgetErrorDto }),
    ApiResponse({
      status: 429,
      description: 'Too many questions from this address, or on this day; see `Retry-After`.',
      type: WidgetErrorDto,
    }),
    ApiResponse({
      status: 500,
      description:
        'No answer: `Authentication failed`, `App not found`, `Connection timeout`, `Connection failed`, ' +
        '`Quota exceeded`, `Content refused`, `Request refused`, `Conversation too long`, `Response too long`, ' +
        '`Empty response` or `Invalid response`.',
      type: WidgetErrorDto,
    }),
    ApiResponse({
      status: 503,
      description: 'No answer just now: `Service unavailable`, `Service busy` or `Service restarting`.',
      type: WidgetErrorDto,
    }),
  );

/** Describes the stream of an answer. */
export const ApiPieces = () =>
  applyDecorators(
    ApiExtraModels(WidgetPieceDto, WidgetEndDto),
    ApiOkResponse({
      description:
        'Server-sent events without names: pieces of the answer, then one with `finished: true`, whose `success` is ' +
        'false where the answer broke off. Each has at most 1,100 bytes, all of them ASCII, and is written at once.',
      content: {
        'text/event-stream': {
          schema: { oneOf: [WidgetPieceDto, WidgetEndDto].map((event) => ({ $ref: getSchemaPath(event) })) },
        },
      },
    }),
  );
