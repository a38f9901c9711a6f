import type { LlmImage } from './language-model.js';

/** A picture as providers take one that is not on the web: its bytes in the link itself. */
export function imageUrl({ mediaType, data }: LlmImage): string {
  return `data:${mediaType};base64,${data.toString('base64')}`;
}
