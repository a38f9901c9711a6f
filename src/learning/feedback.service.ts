import { Injectable } from '@nestjs/common';
import { expressionText } from './expression.text.js';
import type { PronunciationEstimate } from './pronunciation.js';
import { ReviewStore } from './review.store.js';
import { ReviewsService } from './reviews.service.js';

/** Reviews of what learners said, as a text each: for clients that show a text and no more. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly reviews: ReviewsService,
    private readonly store: ReviewStore,
  ) {}

  /**
   * How a user's message was put. It is begun when it is asked for first, and again after it has failed.
   * @returns null while it is on its way
   * @throws AppError as `ReviewsService.ask`
   */
  async expression(ownerId: number, messageId: number, language: string): Promise<string | null> {
    const { review } = await this.reviews.ask(ownerId, messageId, { kind: 'expression', language });
    return review.expression && expressionText(review.expression, review.language);
  }

  /** How it was said: an estimate. @throws AppError as `ReviewsService.ask` */
  async pronunciation(ownerId: number, messageId: number, language: string): Promise<string> {
    const { review } = await this.reviews.ask(ownerId, messageId, { kind: 'pronunciation', language });
    return review.pronunciation?.summary ?? '';
  }

  /** Estimates of pronunciation that were asked for before, by message. */
  async keptPronunciations(
    ownerId: number,
    messageIds: number[],
    language: string,
  ): Promise<Map<number, string>> {
    const kept = await this.store.listKept({ ownerId, kind: 'pronunciation', language }, messageIds);
    return new Map(kept.map(({ messageId, content }) => [messageId!, summaryOf(content!)]));
  }
}

function summaryOf(content: string): string {
  return (JSON.parse(content) as PronunciationEstimate & { summary: string }).summary;
}
