import type { ErrorAnswer, ErrorEnvelope, ErrorText } from '../common/error-envelope.js';
import { AppError } from '../common/errors.js';

/** An answer of a surface that its contract has word for word. Nothing is made of it but what it says. */
export class SurfaceError extends AppError {
  constructor(
    readonly answer: ErrorAnswer,
    cause?: unknown,
  ) {
    super('invalid_input', { cause });
  }
}

/** The envelope of a surface: what it has thrown itself goes out as it is. */
export function enveloping(others: ErrorEnvelope): ErrorEnvelope {
  return (error: AppError, said: ErrorText, route: string) =>
    error instanceof SurfaceError ? error.answer : others(error, said, route);
}
