import { AppError } from '../common/errors.js';

/** What is wrong with the recording itself: it stays so. */
const UNUSABLE = new Set(['audio_unreadable', 'audio_empty', 'audio_too_long', 'no_speech']);
const RETRY_AFTER_S = 5;

/** What a caller is told who has waited for what was said in a recording. @param code as rows have it */
export function recordingFailure(code: string | null): AppError {
  if (code !== null && UNUSABLE.has(code))
    return new AppError('recording_unusable', { extensions: { reason: code } });
  if (code === 'quota_exceeded') return new AppError('quota_exceeded');
  return new AppError('speech_unavailable', { retryAfter: RETRY_AFTER_S });
}
