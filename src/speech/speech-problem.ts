import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { SpeechError } from './synthesizer.js';

/** Seconds after which it is worth asking again: where it may pass by itself, and where somebody has to do something. */
const SOON = 5;
const LATER = 300;

/** What a caller is told of a failure to speak; anything else is thrown as it is. */
export function speechProblem(error: unknown): unknown {
  if (!(error instanceof SpeechError)) return error;
  const { code } = error;
  if (code === 'voice_unknown')
    return new AppError('invalid_input', { errors: [{ field: 'voice', message: fieldMessage('isVoice') }] });
  if (code === 'voice_not_set_up' || code === 'speech_refused') return new AppError(code, { cause: error });
  return new AppError('speech_unavailable', { cause: error, retryAfter: retryAfter(error) });
}

function retryAfter({ options, retryable }: SpeechError): number {
  if (options.retryAfterMs !== undefined) return options.retryAfterMs / 1_000;
  return retryable ? SOON : LATER;
}
