import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { FeedbackService } from '../../learning/feedback.service.js';
import { NOTHING } from './dto/old-id.js';
import type { TutorAssessmentDto, TutorTurnQueryDto } from './dto/turn.dto.js';
import { refused } from './tutor.errors.js';

/** Learners of this surface speak Chinese. */
export const LEARNERS_LANGUAGE = 'zh';

const NO_TURN = new Set<string>(['not_found', 'not_reviewable']);

/** What learners are told of their turns. */
@Injectable()
export class TutorFeedback {
  constructor(private readonly feedback: FeedbackService) {}

  pronunciation(
    user: AuthUser,
    { conversation_id = NOTHING }: TutorTurnQueryDto,
  ): Promise<TutorAssessmentDto> {
    return assessment(() => this.feedback.pronunciation(user.id, conversation_id, LEARNERS_LANGUAGE));
  }

  expression(user: AuthUser, { conversation_id = NOTHING }: TutorTurnQueryDto): Promise<TutorAssessmentDto> {
    return assessment(() => this.feedback.expression(user.id, conversation_id, LEARNERS_LANGUAGE));
  }
}

/** The old service calls both kinds of feedback an audio assessment. */
async function assessment(work: () => Promise<string | null>): Promise<TutorAssessmentDto> {
  try {
    return { audio_assessment: (await work()) ?? '' };
  } catch (error) {
    throw error instanceof AppError && NO_TURN.has(error.code) ? refused(400, 'Invalid conversation') : error;
  }
}
