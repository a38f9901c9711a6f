/** One wrong field of a request. */
export class FieldErrorDto {
  /**
   * Path of the field; `body` where the whole body is meant.
   * @example 'username'
   */
  field!: string;
  /**
   * What is wrong, in the caller's language.
   * @example 'must have at least 3 characters'
   */
  message!: string;
}

/** Every error's body: problem details after RFC 9457, as `application/problem+json`. */
export class ProblemDto {
  /** @example 'urn:parley:problem:invalid_input' */
  type!: string;
  /** @example 'Invalid input' */
  title!: string;
  /**
   * The HTTP status.
   * @example 400
   */
  status!: number;
  /** @example 'Some fields are not valid; see errors.' */
  detail!: string;
  /**
   * The path that was asked for.
   * @example '/api/v1/auth/register'
   */
  instance!: string;
  /**
   * Stable code for programs.
   * @example 'invalid_input'
   */
  code!: string;
  /**
   * Finds the request in the server's logs; also in the header X-Request-Id.
   * @example 'b2c5a8f0-5c55-4d0e-9a4e-0d6b3f1e7a11'
   */
  requestId!: string;
  /** The wrong fields, for `invalid_input`. */
  errors?: FieldErrorDto[];
  /**
   * With `insufficient_scope`: the scope that the API key lacks.
   * @example 'chat'
   */
  requiredScope?: 'read' | 'chat' | 'admin';
  /**
   * With `turn_running`: the assistant message that is being written.
   * @example 42
   */
  runningMessageId?: number;
  /**
   * With `turn_running`: the voice turn that is on its way.
   * @example 5
   */
  runningVoiceTurnId?: number;

  /**
   * With `export_running`: the export that is on its way.
   * @example 3
   */
  runningExportId?: number;
  /**
   * With `file_not_ready` and `file_not_usable`: which file of the request.
   * @example 17
   */
  fileId?: number;
  /**
   * With `quota_exceeded`: which one, the tokens of a day, its requests, or its seconds of audio.
   * @example 'tokens'
   */
  quota?: 'requests' | 'tokens' | 'audio';
  /**
   * With `quota_exceeded`: how much a day has.
   * @example 200000
   */
  limit?: number;
  /**
   * With `quota_exceeded`: what of it is used, or kept for turns that are running.
   * @example 199480
   */
  used?: number;
  /**
   * With `quota_exceeded`: when the next day begins, in UTC.
   * @example '2026-11-22T00:00:00.000Z'
   */
  resetsAt?: Date;
}
