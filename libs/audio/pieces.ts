import { BYTES_PER_MS } from './decode.js';

/** A stretch of a recording, in milliseconds from its beginning. */
export interface Piece {
  startMs: number;
  endMs: number;
}

/** What a recording is made of: how long it is, and where something can be heard in it. */
export interface RecordingPlan {
  durationMs: number;
  /** In order, without overlaps, each of at most MAX_PIECE_MS; none where nothing can be heard. */
  pieces: Piece[];
}

/** Whisper looks at thirty seconds in one go. */
export const MAX_PIECE_MS = 30_000;

const FRAME_MS = 20;
const FRAME_SAMPLES = (FRAME_MS * BYTES_PER_MS) / 2;
const MAX_FRAMES = MAX_PIECE_MS / FRAME_MS;
/** A piece that is cut off has at least so much: an engine takes as long for ten seconds as for thirty. */
const MIN_FRAMES = 20_000 / FRAME_MS;

/**
 * Below this nothing was said. Somebody who speaks softly into a telephone is at -50 dBFS, a quiet room around -60,
 * and a microphone that is off at -90: the limit leaves out what cannot be speech, and not what is hardly speech.
 */
const SILENCE_DBFS = -57;
const SILENCE_POWER = 10 ** (SILENCE_DBFS / 10) * 32_768 ** 2;
/** Shorter sounds between two silences are clicks, and no words. */
const MIN_SOUND_FRAMES = 3;
/** Silences from here on are left out: an engine that has to listen to them makes up words. */
const LONG_SILENCE_FRAMES = 5_000 / FRAME_MS;
/** What is left of such a silence beside a sound: the breath before a word is softer than the limit. */
const MARGIN_FRAMES = 400 / FRAME_MS;

/** A pause between two words or sentences; the silence within a word is shorter. */
const PAUSE_FRAMES = 300 / FRAME_MS;
/** Places that are so close to the quietest one in power are as good as that one. */
const AS_QUIET = 2;

/** Stretch of frames, the end not included. */
type Stretch = [from: number, to: number];

/**
 * Listens to a recording while it is decoded, and cuts it where it is quiet: between words, or in music and noise at
 * the least loud place. Keeps one number for each 20 ms. The same bytes are always cut the same way.
 */
export class PiecePlanner {
  private powers = new Float64Array(4_096);
  private frames = 0;
  private bytes = 0;
  private odd: Buffer = Buffer.alloc(0);
  private sum = 0;
  private squares = 0;
  private samples = 0;

  /** The next bytes of 16 kHz mono s16le; any number of them. */
  hear(chunk: Buffer): void {
    this.bytes += chunk.length;
    const joined = this.odd.length > 0 ? Buffer.concat([this.odd, chunk]) : chunk;
    const whole = joined.length - (joined.length % 2);
    for (let at = 0; at < whole; at += 2) {
      const sample = joined.readInt16LE(at);
      this.sum += sample;
      this.squares += sample * sample;
      this.samples += 1;
      if (this.samples === FRAME_SAMPLES) this.endFrame();
    }
    this.odd = Buffer.from(joined.subarray(whole));
  }

  /** When everything was heard. */
  plan(): RecordingPlan {
    if (this.samples > 0) this.endFrame();
    const durationMs = Math.floor(this.bytes / BYTES_PER_MS);
    const powers = this.powers.subarray(0, this.frames);
    const sounds = soundsOf(powers);
    const whole: Stretch[] = sounds.length > 0 ? [[0, this.frames]] : [];
    const stretches = durationMs <= MAX_PIECE_MS ? whole : sounds.flatMap((sound) => cut(powers, sound));
    const pieces = stretches.map(([from, to]) => ({
      startMs: from * FRAME_MS,
      endMs: Math.min(to * FRAME_MS, durationMs),
    }));
    return { durationMs, pieces };
  }

  private endFrame(): void {
    if (this.frames === this.powers.length) {
      const larger = new Float64Array(this.powers.length * 2);
      larger.set(this.powers);
      this.powers = larger;
    }
    // Without the constant part, which cheap microphones add and nobody hears.
    const mean = this.sum / this.samples;
    this.powers[this.frames] = Math.max(0, this.squares / this.samples - mean * mean);
    this.frames += 1;
    [this.sum, this.squares, this.samples] = [0, 0, 0];
  }
}

/** Where there is sound, with its margins; what lies between is silent for long. */
function soundsOf(powers: Float64Array): Stretch[] {
  const sounds: Stretch[] = [];
  let heard = 0;
  let open: Stretch | undefined;
  for (let frame = 0; frame < powers.length; frame += 1) {
    if (powers[frame]! < SILENCE_POWER) continue;
    if (open && frame - open[1] < LONG_SILENCE_FRAMES) {
      open[1] = frame + 1;
      heard += 1;
    } else {
      if (open && heard >= MIN_SOUND_FRAMES) sounds.push(open);
      open = [frame, frame + 1];
      heard = 1;
    }
  }
  if (open && heard >= MIN_SOUND_FRAMES) sounds.push(open);
  return sounds.map(([from, to]) => [
    Math.max(0, from - MARGIN_FRAMES),
    Math.min(powers.length, to + MARGIN_FRAMES),
  ]);
}

/** Pieces of a stretch, each but the last one between MIN_FRAMES and MAX_FRAMES. */
function cut(powers: Float64Array, [from, to]: Stretch): Stretch[] {
  const pieces: Stretch[] = [];
  let start = from;
  while (to - start > MAX_FRAMES) {
    const end = quietest(powers, start + MIN_FRAMES, start + MAX_FRAMES);
    pieces.push([start, end]);
    start = end;
  }
  pieces.push([start, to]);
  return pieces;
}

/** The middle of the longest pause that is among the quietest of a stretch; of equal ones the last. */
function quietest(powers: Float64Array, from: number, to: number): number {
  const around = smoothed(powers, from, to);
  const limit = Math.max(SILENCE_POWER, Math.min(...around) * AS_QUIET);
  let best: Stretch = [0, 0];
  let begin = 0;
  for (let at = 0; at <= around.length; at += 1) {
    if (at < around.length && around[at]! <= limit) continue;
    if (at - begin >= best[1] - best[0] && at > begin) best = [begin, at];
    begin = at + 1;
  }
  return from + Math.floor((best[0] + best[1]) / 2);
}

/** The power around each place of a stretch: that of the frames of a pause which has its middle there. */
function smoothed(powers: Float64Array, from: number, to: number): number[] {
  const half = Math.floor(PAUSE_FRAMES / 2);
  const around: number[] = [];
  for (let at = from; at < to; at += 1) {
    const near = powers.subarray(Math.max(0, at - half), Math.min(powers.length, at + half + 1));
    around.push(near.reduce((sum, power) => sum + power, 0) / near.length);
  }
  return around;
}
