import type { SpokenSentenceDto } from './dto/voice-turn.dto.js';
import type { VoiceTurn } from './voice-turn.entity.js';

/** A sentence of a voice turn's answer, as a client is told of it. */
export function spokenSentence(row: VoiceTurn, index: number, text: string): SpokenSentenceDto {
  const { assistantMessageId, voice, format } = row;
  const query = new URLSearchParams({ ...(voice !== null && { voice }), format }).toString();
  return { index, text, url: `/api/v1/messages/${assistantMessageId}/speech/sentences/${index}?${query}` };
}
