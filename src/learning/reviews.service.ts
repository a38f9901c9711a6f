import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { currentLanguage } from '../common/request-context.js';
import { isFinal, type Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import type { AskReviewDto, EstimateDto } from './dto/review-input.dto.js';
import { ReviewDto, type ReviewListDto } from './dto/review.dto.js';
import { canonicalTag } from './language-name.js';
import { notSpoken, type PronunciationEstimate } from './pronunciation.js';
import { pronunciationText } from './pronunciation.text.js';
import type { ReviewKind } from './review.entity.js';
import { ReviewJobs } from './review.jobs.js';
import { type ReviewKey, ReviewStore } from './review.store.js';
import { ReviewTasks, tokensOf } from './review.task.js';
import { ReviewWriter } from './review.writer.js';

/** What was asked for, and whether this request has it made. */
export interface AskedReview {
  review: ReviewDto;
  isBegun: boolean;
}

const MAX_LISTED = 100;

/** Reviews, as learners ask for them. */
@Injectable()
export class ReviewsService {
  constructor(
    private readonly messages: MessagesService,
    private readonly store: ReviewStore,
    private readonly tasks: ReviewTasks,
    private readonly writer: ReviewWriter,
    private readonly jobs: ReviewJobs,
  ) {}

  /**
   * A review of a message: the one that is there, or one that is made now. What failed is begun again.
   * @throws AppError not_found, not_reviewable, no_language_model, rate_limited, quota_exceeded
   */
  async ask(ownerId: number, messageId: number, dto: AskReviewDto): Promise<AskedReview> {
    const message = await this.messages.findOwned(ownerId, messageId);
    const { kind, again = false } = dto;
    if (!isReviewable(message, kind)) throw new AppError('not_reviewable');
    const key = { ownerId, messageId, kind, language: languageOf(kind, dto) };
    if (kind === 'pronunciation') return this.estimate(key, message, dto);
    const known = await this.store.find(key);
    if (known && (known.status === 'pending' || (known.status === 'done' && !again)))
      return { review: ReviewDto.from(known), isBegun: false };
    this.writer.model();
    const task = await this.tasks.for(message, kind, key.language);
    const { review, isBegun } = await this.store.begin(key, known, tokensOf(task));
    if (isBegun) await this.jobs.add(review);
    return { review: ReviewDto.from(review), isBegun };
  }

  /** @throws AppError not_found */
  async listOf(ownerId: number, messageId: number): Promise<ReviewListDto> {
    await this.messages.findOwned(ownerId, messageId);
    const reviews = await this.store.ofMessage(ownerId, messageId, MAX_LISTED);
    return { items: reviews.map((review) => ReviewDto.from(review)) };
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<ReviewDto> {
    return ReviewDto.from(await this.store.findOwned(ownerId, id));
  }

  /** Made at once and anew each time: nobody has to be asked, and the recording may be another one by now. */
  private async estimate(key: ReviewKey, message: Message, dto: EstimateDto): Promise<AskedReview> {
    const target = dto.target ?? (await this.store.find(key))?.target ?? null;
    const estimate = notSpoken(message.content, target);
    return { review: await this.keep(key, estimate), isBegun: false };
  }

  private async keep(key: ReviewKey, estimate: PronunciationEstimate): Promise<ReviewDto> {
    const summary = pronunciationText(estimate, key.language);
    const content = JSON.stringify({ ...estimate, summary });
    return ReviewDto.from(await this.store.keep(key, content, estimate.target));
  }
}

/** What a person said is reviewed, and what was said to him explained. */
function isReviewable({ role, status, content }: Message, kind: ReviewKind): boolean {
  if (kind === 'pronunciation') return role === 'user';
  if (content.trim() === '') return false;
  return kind === 'gloss' ? role === 'assistant' && isFinal(status) : role === 'user';
}

function languageOf(kind: ReviewKind, { language }: EstimateDto): string {
  if (language !== undefined) return canonicalTag(language);
  return kind === 'gloss' ? 'zh' : currentLanguage();
}
