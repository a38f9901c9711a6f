import { Injectable } from '@nestjs/common';
import type { Message } from '../conversations/message.entity.js';
import type { EstimateDto } from './dto/review-input.dto.js';
import { ReviewDto, ReviewListDto } from './dto/review.dto.js';
import { languageOf } from './learner-language.js';
import { pronunciationText } from './pronunciation.text.js';
import { estimateOf, RecordedSpeech } from './recorded-speech.js';
import { type ReviewKey, ReviewStore } from './review.store.js';

/**
 * Estimates of pronunciation. They are made at once, and anew each time that one is asked for: no model has to be
 * asked, and the recording may have been transcribed again.
 */
@Injectable()
export class PronunciationsService {
  constructor(
    private readonly store: ReviewStore,
    private readonly speech: RecordedSpeech,
  ) {}

  /** Of what somebody said; of what he typed, that there is no recording. */
  async ofMessage({ ownerId, id: messageId }: Message, dto: EstimateDto): Promise<ReviewDto> {
    const transcription = await this.speech.ofMessage(ownerId, messageId);
    return this.estimate({ ...keyOf(ownerId, dto), messageId, transcriptionId: null }, transcription, dto);
  }

  /** @throws AppError not_found */
  async ofTranscription(ownerId: number, transcriptionId: number, dto: EstimateDto): Promise<ReviewDto> {
    const transcription = await this.speech.find(ownerId, transcriptionId);
    return this.estimate({ ...keyOf(ownerId, dto), messageId: null, transcriptionId }, transcription, dto);
  }

  /** @throws AppError not_found */
  async listOf(ownerId: number, transcriptionId: number): Promise<ReviewListDto> {
    await this.speech.find(ownerId, transcriptionId);
    return ReviewListDto.from(await this.store.listOf({ ownerId, transcriptionId }));
  }

  /** The sentence that was to be said is remembered. */
  private async estimate(
    key: ReviewKey,
    transcription: Parameters<typeof estimateOf>[0],
    dto: EstimateDto,
  ): Promise<ReviewDto> {
    const target = dto.target ?? (await this.store.find(key))?.target ?? null;
    const estimate = estimateOf(transcription, target);
    const content = { ...estimate, summary: pronunciationText(estimate, key.language) };
    return ReviewDto.from(await this.store.keep(key, JSON.stringify(content), target));
  }
}

function keyOf(ownerId: number, dto: EstimateDto): Pick<ReviewKey, 'ownerId' | 'kind' | 'language'> {
  return { ownerId, kind: 'pronunciation', language: languageOf('pronunciation', dto) };
}
