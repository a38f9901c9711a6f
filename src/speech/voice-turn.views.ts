import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { MessagesService } from '../conversations/messages.service.js';
import { TranscriptionDto } from './dto/transcription.dto.js';
import { type VoiceMessageDto, VoiceTurnDto } from './dto/voice-turn.dto.js';
import { Transcription } from './transcription.entity.js';
import { isOver, type VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnEvents } from './voice-turn.events.js';
import { VoiceTurnSentences } from './voice-turn.sentences.js';

/** Voice turns with all that they have brought, as their owners read them. */
@Injectable()
export class VoiceTurnViews {
  constructor(
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly messages: MessagesService,
    private readonly events: VoiceTurnEvents,
    private readonly sentences: VoiceTurnSentences,
  ) {}

  async of(row: VoiceTurn): Promise<VoiceMessageDto> {
    const { ownerId, transcriptionId, userMessageId, assistantMessageId } = row;
    const message = (id: number | null) => (id === null ? null : this.messages.find(ownerId, id));
    const [transcription, userMessage, assistantMessage, told] = await Promise.all([
      this.transcriptions.findOneBy({ id: transcriptionId ?? 0, ownerId }),
      message(userMessageId),
      message(assistantMessageId),
      isOver(row.status) ? row.sentences : this.events.told(row).then(({ sentences }) => sentences),
    ]);
    return {
      ...VoiceTurnDto.from(row),
      transcription: transcription && TranscriptionDto.from(transcription),
      ...{ userMessage, assistantMessage },
      sentences: await this.sentences.of(row, told),
    };
  }
}
