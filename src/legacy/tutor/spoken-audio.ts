import { AppError } from '../../common/errors.js';
import { shaped } from './tutor.errors.js';
import { SurfaceError } from '../surface-error.js';

/** In front of the base64 of a data URL; browsers write all kinds of types there, with commas in them, too. */
const DATA_URL = /^data:(.{0,300}?;\s*base64,|[^,]{0,300},)/i;
/** Forms turn a plus into a space; some encoders break lines. */
const SPACES = / /g;
const BREAKS = /[\r\n\t]/g;

/** What is wrong with a recording, by the codes of the features. */
const UNUSABLE = new Set<string>(['unsupported_audio', 'recording_unusable', 'file_empty', 'file_too_large']);

/**
 * Does something with a recording that came as base64.
 * @param route whose errors it is one of
 * @throws SurfaceError `Invalid audio!` where it is none, or nothing can be understood in it; what the work throws
 */
export async function withSound<T>(
  voice: string,
  route: string,
  work: (sound: Buffer) => Promise<T>,
): Promise<T> {
  const invalid = new SurfaceError(shaped(route, 400, 'Invalid audio!'));
  const sound = soundOf(voice);
  if (!sound) throw invalid;
  try {
    return await work(sound);
  } catch (error) {
    throw error instanceof AppError && UNUSABLE.has(error.code) ? invalid : error;
  }
}

/** The bytes of base64, bare or as a data URL; undefined where it is none. */
export function soundOf(voice: string): Buffer | undefined {
  const text = voice.trim().replace(DATA_URL, '').replace(BREAKS, '').replace(SPACES, '+').replace(/=+$/, '');
  // Node passes over what is no base64: what it has read has to be all that there was.
  const sound = Buffer.from(text, 'base64');
  return sound.length > 0 && sound.length === Math.floor((text.length * 3) / 4) ? sound : undefined;
}
