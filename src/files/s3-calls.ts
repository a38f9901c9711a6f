import { StorageUnavailableError } from './file-storage.js';

/** A call that has no answer by then, with all of its attempts, has failed. */
const CALL_MS = 15_000;
const ATTEMPT_MS = 6_000;

/** Objects and uploads that are not there, as S3 says it; a bucket that is not there is another matter. */
const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

interface CallOptions {
  abortSignal: AbortSignal;
  requestTimeout: number;
}

/** Bounds of a call. @param signal ends it too */
export function inTime(signal?: AbortSignal, callMs = CALL_MS, attemptMs = ATTEMPT_MS): CallOptions {
  const late = AbortSignal.timeout(callMs);
  return { abortSignal: signal ? AbortSignal.any([signal, late]) : late, requestTimeout: attemptMs };
}

/** Bounds the time to an answer, and not that of its body. */
export async function withinTime<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), CALL_MS);
  try {
    return await call(late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whatever S3 refuses makes the storage unavailable: out of reach, slow, not ours to write to, without a bucket.
 * @param options.missing what is done where there is no such thing, if that is no failure
 */
export async function onS3<T, M = never>(
  call: () => Promise<T>,
  { missing }: { missing?: () => M } = {},
): Promise<T | M> {
  try {
    return await call();
  } catch (error) {
    if (missing && MISSING.has((error as Error).name)) return missing();
    const { code, name } = error as { code?: string; name?: string };
    throw new StorageUnavailableError({ code: code ?? name, cause: error });
  }
}
