import { status } from '@grpc/grpc-js';
import { EngineError, type EngineErrorCode } from './whisper-engine.js';

/** A piece that no engine may be given; its message names what is wrong. */
export class InvalidPieceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidPieceError';
  }
}

/** How a failure of an engine goes over the wire. */
const STATUS: Record<EngineErrorCode, status> = {
  engine_unavailable: status.UNAVAILABLE,
  engine_busy: status.RESOURCE_EXHAUSTED,
  engine_failed: status.INTERNAL,
  engine_refused: status.FAILED_PRECONDITION,
};

/**
 * What a status means to the caller. Whatever says nothing of the piece, but of the machine or the way to it, is
 * `engine_unavailable`: another machine can be asked.
 */
const MEANING: Partial<Record<status, EngineErrorCode>> = {
  [status.RESOURCE_EXHAUSTED]: 'engine_busy',
  [status.INTERNAL]: 'engine_failed',
  [status.DEADLINE_EXCEEDED]: 'engine_failed',
  [status.FAILED_PRECONDITION]: 'engine_refused',
  [status.INVALID_ARGUMENT]: 'engine_refused',
};

/** A failure as the transport sends it. */
export interface GrpcFailure {
  code: status;
  message: string;
}

/** @returns the one table from failures to statuses; a mistake of the program is INTERNAL and says nothing of itself */
export function failureOf(error: unknown): GrpcFailure {
  if (error instanceof EngineError) return { code: STATUS[error.code], message: error.message };
  if (error instanceof InvalidPieceError) return { code: status.INVALID_ARGUMENT, message: error.message };
  return { code: status.INTERNAL, message: 'mistake of the Whisper machine; its log says more' };
}

/** @param address stands in the message */
export function engineErrorOf(failure: { code: status; details: string }, address: string): EngineError {
  const code = MEANING[failure.code] ?? 'engine_unavailable';
  return new EngineError(code, `${address}: ${status[failure.code]} ${failure.details}`);
}
