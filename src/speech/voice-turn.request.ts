import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { lastSeen } from '../common/event-stream.js';
import { fieldMessage } from '../common/validation.js';
import { BEGINNING, parsePosition, type VoicePosition } from './voice-turn.position.js';

/** Behind which event of a voice turn to go on: `?after=` or `Last-Event-ID`; the beginning where there is none. */
export const AfterVoiceEvent = createParamDecorator(
  (_: unknown, context: ExecutionContext): VoicePosition => {
    const seen = lastSeen(context);
    if (!seen) return BEGINNING;
    const position = typeof seen.id === 'string' ? parsePosition(seen.id) : undefined;
    if (position) return position;
    throw new AppError('invalid_input', {
      errors: [{ field: seen.field, message: fieldMessage('isEventId') }],
    });
  },
);
