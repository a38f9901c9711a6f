import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { MessagesService } from '../conversations/messages.service.js';
import type { SpokenSentenceDto } from './dto/voice-turn.dto.js';
import { sentencesOf } from './sentences.js';
import { SpeechClip } from './speech-clip.entity.js';
import type { VoiceTurn } from './voice-turn.entity.js';

/** A sentence of a voice turn's answer, as a client is told of it. */
export function spokenSentence(
  { assistantMessageId, format }: VoiceTurn,
  { index, text, voice }: { index: number; text: string; voice: string },
): SpokenSentenceDto {
  const query = new URLSearchParams({ voice, format }).toString();
  return { index, text, url: `/api/v1/messages/${assistantMessageId}/speech/sentences/${index}?${query}` };
}

/** What was spoken of voice turns, as their rows know it. */
@Injectable()
export class VoiceTurnSentences {
  constructor(
    @InjectRepository(SpeechClip) private readonly clips: Repository<SpeechClip>,
    private readonly messages: MessagesService,
  ) {}

  /** The first so many sentences of the answer; fewer, where there are not so many. */
  async of(row: VoiceTurn, count: number): Promise<SpokenSentenceDto[]> {
    const { ownerId, assistantMessageId, format, voice } = row;
    if (count === 0 || assistantMessageId === null) return [];
    const [{ content }, clips] = await Promise.all([
      this.messages.findOwned(ownerId, assistantMessageId),
      this.clips.find({
        where: { messageId: assistantMessageId, ownerId, format, ...(voice !== null && { voice }) },
        select: { id: true, part: true, voice: true },
        order: { id: 'DESC' },
      }),
    ]);
    // The oldest is the one that was told of: others came when somebody asked for another voice.
    const voices = new Map(clips.map(({ part, voice: spokenBy }) => [part, spokenBy]));
    return sentencesOf(content)
      .slice(0, count)
      .map((text, index) =>
        spokenSentence(row, { index, text, voice: voices.get(index + 1) ?? voice ?? '' }),
      );
  }
}
