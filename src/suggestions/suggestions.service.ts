import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';
import { AsidesService } from '../conversations/asides.service.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { isFinal, type Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import type { PromptSetting } from '../conversations/turn.prompt.js';
import { SuggestionsDto } from './dto/suggestions.dto.js';
import type { Suggestion } from './suggestion.entity.js';
import { SuggestionStore } from './suggestion.store.js';
import { SuggestionWriter } from './suggestion.writer.js';

/** Beside the time for the model: how long a claim stands, that its owner can still write what came of it. */
const MARGIN_MS = 5_000;
const POLL_MS = 100;

/** What users may ask next. A model that fails is no failure of the request: pages go on without suggestions. */
@Injectable()
export class SuggestionsService {
  constructor(
    private readonly messages: MessagesService,
    private readonly conversations: ConversationsService,
    private readonly asides: AsidesService,
    private readonly store: SuggestionStore,
    private readonly writer: SuggestionWriter,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Those that are kept for this answer, or that are made now. @throws AppError not_found */
  async of(ownerId: number, messageId: number): Promise<SuggestionsDto> {
    const answer = await this.messages.findOwned(ownerId, messageId);
    if (answer.role !== 'assistant' || !isFinal(answer.status)) return SuggestionsDto.none('not_ready');
    if (answer.content.trim() === '') return SuggestionsDto.none('empty');
    const known = await this.store.find(ownerId, messageId);
    if (known && isSettled(known)) return dtoOf(known);
    const conversation = await this.conversations.findOwned(ownerId, answer.conversationId);
    const setting = await this.asides.settingOf(conversation);
    if (!setting || !this.asides.canAsk(setting)) return SuggestionsDto.none('no_language_model');
    try {
      return dtoOf(await this.settled(answer, setting));
    } catch (error) {
      if (error instanceof AppError && error.code === 'quota_exceeded')
        return SuggestionsDto.none(error.code);
      throw error;
    }
  }

  /** Made by whoever comes first, in whichever process; the others wait for him, and after his end take his place. */
  private async settled(
    answer: Message,
    setting: PromptSetting,
  ): Promise<Pick<Suggestion, 'items' | 'reason'>> {
    const { ownerId, id } = answer;
    const question = await this.messages.promptOf(answer);
    const turn = { question: question?.content ?? '', answer: answer.content };
    const tokens = this.writer.tokens(setting, turn);
    const deadline = Date.now() + this.env.SUGGESTIONS_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const known = await this.store.find(ownerId, id);
      if (known && isSettled(known)) return known;
      const dueAt = new Date(Date.now() + this.env.SUGGESTIONS_TIMEOUT_MS + MARGIN_MS);
      const claimed = isFree(known) ? await this.store.claim(answer, known, { tokens, dueAt }) : null;
      if (claimed) {
        const ending = await this.writer.ask(setting, turn);
        await this.store.end(claimed, ending);
        return ending;
      }
      await sleep(POLL_MS);
    }
    return { items: null, reason: 'timeout' };
  }
}

/** There is nothing to wait for: they are there, or have failed a moment ago. */
function isSettled({ status, dueAt }: Suggestion): boolean {
  return status === 'done' || (status === 'failed' && !isPast(dueAt));
}

/** Nobody has them made now. */
function isFree(known: Suggestion | null): boolean {
  return known === null || isPast(known.dueAt);
}

function isPast(time: Date | null): boolean {
  return time === null || time.getTime() <= Date.now();
}

function dtoOf({ items, reason }: Pick<Suggestion, 'items' | 'reason'>): SuggestionsDto {
  if (items === null) return SuggestionsDto.none(reason ?? 'model_failed');
  return SuggestionsDto.of(JSON.parse(items) as string[]);
}
