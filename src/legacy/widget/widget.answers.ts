import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { goneSignal } from '../../common/event-stream.js';
import { AppError } from '../../common/errors.js';
import { type VisitorQuestion, VisitorsService } from '../../completions/visitors.service.js';
import type { WidgetAnswerDto, WidgetQuestionDto } from './dto/widget.dto.js';
import { streamPieces } from './widget.stream.js';

/** A request of the widget, and the reply to it. */
interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Turns what the widget sends into a question, and answers into what it reads. */
@Injectable()
export class WidgetAnswers {
  constructor(private readonly visitors: VisitorsService) {}

  /** Writes the answer as it comes. */
  async stream(dto: WidgetQuestionDto, { request, reply }: Exchange): Promise<void> {
    const question = questionOf(dto, request.body);
    const gone = goneSignal(reply);
    const pieces = this.visitors.answer(question, request.ip, gone);
    await streamPieces(pieces, dto.session_id ?? randomUUID(), { reply, gone });
  }

  /** The whole answer; undefined where nobody waits for it any more. */
  async whole(dto: WidgetQuestionDto, { request, reply }: Exchange): Promise<WidgetAnswerDto | undefined> {
    const question = questionOf(dto, request.body);
    const text = await this.visitors.wholeAnswer(question, request.ip, goneSignal(reply));
    if (text === undefined) return undefined;
    const session_id = dto.session_id ?? randomUUID();
    return { success: true, message: 'Response Generated', result: text, response: text, session_id };
  }
}

/** @throws AppError invalid_input */
function questionOf(dto: WidgetQuestionDto, body: unknown): VisitorQuestion {
  if (body === undefined || body === null) throw refusal('', 'No data provided');
  const { last_prompt: prompt, conversation_history: history } = dto;
  if (prompt === undefined || prompt.trim() === '') throw refusal('last_prompt', 'is required');
  return { history, prompt };
}

function refusal(field: string, message: string): AppError {
  return new AppError('invalid_input', { errors: [{ field, message }] });
}
