import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { AskReviewDto, EstimateDto } from './dto/review-input.dto.js';
import { ReviewDto, ReviewListDto } from './dto/review.dto.js';
import { PronunciationsService } from './pronunciations.service.js';
import { ReviewsService } from './reviews.service.js';

@ApiTags('reviews')
@ApiBearerAuth('access-token')
@Controller()
export class ReviewsController {
  constructor(
    private readonly reviews: ReviewsService,
    private readonly pronunciations: PronunciationsService,
  ) {}

  /** Ask for a review of a message: 202 where it is made now, 200 where it is there or on its way */
  @Post('messages/:id/reviews')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ReviewDto })
  @ApiAcceptedResponse({ type: ReviewDto })
  async ask(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: AskReviewDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReviewDto> {
    const { review, isBegun } = await this.reviews.ask(user.id, id, dto);
    if (isBegun) reply.status(202);
    return review;
  }

  /** List the reviews of a message, newest first */
  @Get('messages/:id/reviews')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ReviewListDto })
  list(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<ReviewListDto> {
    return this.reviews.listOf(user.id, id);
  }

  /** Estimate the pronunciation of a recording from its transcription, which was made with `words` */
  @Post('speech/transcriptions/:id/reviews')
  @HttpCode(200)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiBody({ type: EstimateDto, required: false })
  @ApiOkResponse({ type: ReviewDto })
  estimate(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Body() dto: EstimateDto,
  ): Promise<ReviewDto> {
    return this.pronunciations.ofTranscription(user.id, id, dto);
  }

  /** List the reviews of a transcription, newest first */
  @Get('speech/transcriptions/:id/reviews')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ReviewListDto })
  listOfTranscription(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
  ): Promise<ReviewListDto> {
    return this.pronunciations.listOf(user.id, id);
  }

  /** Read a review; while it is pending, ask again shortly */
  @Get('reviews/:id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ReviewDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<ReviewDto> {
    return this.reviews.find(user.id, id);
  }
}
