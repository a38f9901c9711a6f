import type { ProblemCode } from './problem-catalog.js';

/** One wrong field of a request: `field` is its path (`content`, `items.0.name`), `message` says what is wrong. */
export interface FieldError {
  field: string;
  message: string;
}

export interface AppErrorOptions {
  /** Values for the `{placeholders}` of the catalogue's texts. Never secrets or message texts. */
  params?: Record<string, string | number>;
  /** Wrong fields, already in the caller's language. */
  errors?: FieldError[];
  /** Further members of the problem document, such as the id of the turn that is running. */
  extensions?: Record<string, unknown>;
  /** Seconds, for the `Retry-After` header. */
  retryAfter?: number;
  cause?: unknown;
}

/**
 * An error that the caller is meant to see. `code` is stable and documented; status and texts stand in the
 * problem catalogue, in one place.
 */
export class AppError extends Error {
  readonly params: Record<string, string | number>;
  readonly errors: FieldError[] | undefined;
  readonly extensions: Record<string, unknown>;
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: ProblemCode,
    options: AppErrorOptions = {},
  ) {
    super(code, { cause: options.cause });
    this.name = 'AppError';
    this.params = options.params ?? {};
    this.errors = options.errors;
    this.extensions = options.extensions ?? {};
    this.retryAfter = options.retryAfter;
  }
}
