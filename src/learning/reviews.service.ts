import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { isFinal, type Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import type { AskReviewDto } from './dto/review-input.dto.js';
import { ReviewDto, ReviewListDto } from './dto/review.dto.js';
import { languageOf } from './learner-language.js';
import { PronunciationsService } from './pronunciations.service.js';
import type { ReviewKind } from './review.entity.js';
import { ReviewJobs } from './review.jobs.js';
import { ReviewStore } from './review.store.js';
import { ReviewTasks, tokensOf } from './review.task.js';
import { ReviewWriter } from './review.writer.js';

/** What was asked for, and whether this request has it made. */
export interface AskedReview {
  review: ReviewDto;
  isBegun: boolean;
}

/** Reviews, as learners ask for them. */
@Injectable()
export class ReviewsService {
  constructor(
    private readonly messages: MessagesService,
    private readonly store: ReviewStore,
    private readonly tasks: ReviewTasks,
    private readonly writer: ReviewWriter,
    private readonly jobs: ReviewJobs,
    private readonly pronunciations: PronunciationsService,
  ) {}

  /**
   * A review of a message: the one that is there, or one that is made now. What failed is begun again.
   * @throws AppError not_found, not_reviewable, no_language_model, rate_limited, quota_exceeded
   */
  async ask(ownerId: number, messageId: number, dto: AskReviewDto): Promise<AskedReview> {
    const message = await this.messages.findOwned(ownerId, messageId);
    const { kind, again = false } = dto;
    if (!isReviewable(message, kind)) throw new AppError('not_reviewable');
    if (kind === 'pronunciation')
      return { review: await this.pronunciations.ofMessage(message, dto), isBegun: false };
    const key = { ownerId, messageId, transcriptionId: null, kind, language: languageOf(kind, dto) };
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
    return ReviewListDto.from(await this.store.listOf({ ownerId, messageId }));
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<ReviewDto> {
    return ReviewDto.from(await this.store.findOwned(ownerId, id));
  }
}

/** What a person said is reviewed, and what was said to him explained. */
function isReviewable({ role, status, content }: Message, kind: ReviewKind): boolean {
  if (kind === 'pronunciation') return role === 'user';
  if (content.trim() === '') return false;
  return kind === 'gloss' ? role === 'assistant' && isFinal(status) : role === 'user';
}
