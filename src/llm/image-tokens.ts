/** Width and height in pixels. */
export interface PixelSize {
  width: number;
  height: number;
}

/** OpenAI: a picture is scaled into a square of this side, then until its shorter side has at most so many pixels … */
const LARGEST_SIDE = 2_048;
const LARGEST_SHORT_SIDE = 768;
/** … and costs so much, and for each tile of this side that it takes. */
const BASE_TOKENS = 85;
const TILE_TOKENS = 170;
const TILE = 512;

/** Qwen: each patch of this side is a token, with a mark before and behind all of them. */
const PATCH = 28;
const PATCH_MARKS = 2;

/**
 * Tokens that a picture takes of a model's context: an estimate, by the formulas that OpenAI (85, and 170 a tile in high
 * detail) and Alibaba (one for 28 by 28 pixels) publish. OpenAI's smaller models are billed for more than they take.
 */
export function imageTokens(model: string, { width, height }: PixelSize): number {
  if (/^(qwen|qvq)/i.test(model)) return tiles({ width, height }, PATCH) + PATCH_MARKS;
  const whole = Math.min(1, LARGEST_SIDE / Math.max(width, height));
  const short = Math.min(1, LARGEST_SHORT_SIDE / (Math.min(width, height) * whole));
  const scale = whole * short;
  return (
    BASE_TOKENS +
    TILE_TOKENS * tiles({ width: Math.round(width * scale), height: Math.round(height * scale) }, TILE)
  );
}

function tiles({ width, height }: PixelSize, side: number): number {
  return Math.max(1, Math.ceil(width / side)) * Math.max(1, Math.ceil(height / side));
}
