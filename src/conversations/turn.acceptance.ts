import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { fieldMessage } from '../common/validation.js';
import { countTokens } from '../llm/token-counter.js';
import { Branches, type BranchPoint } from './branches.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import type { Conversation } from './conversation.entity.js';
import type { RegenerateDto, SendMessageDto } from './dto/turn.dto.js';
import type { Message } from './message.entity.js';
import { TurnBudget } from './turn.budget.js';
import { type PromptSetting, TurnPrompt, withoutSummary } from './turn.prompt.js';
import type { StoredTurn } from './turn.replays.js';
import { type TurnOutset, TurnSettings } from './turn.settings.js';
import { type TurnPlace, TurnStore } from './turn.store.js';

/** What a user says, with what goes with it. */
export type NewMessage = SendMessageDto & { fileIds?: number[] };

/** A turn that was taken in, with what it is to run on. */
export interface AcceptedTurn {
  stored: StoredTurn;
  setting: PromptSetting;
}

/**
 * Takes turns in: checks what a request asks for, and has it stored. Nothing is asked of a model yet.
 */
@Injectable()
export class TurnAcceptance {
  constructor(
    private readonly settings: TurnSettings,
    private readonly prompt: TurnPrompt,
    private readonly branches: Branches,
    private readonly budget: TurnBudget,
    private readonly store: TurnStore,
  ) {}

  /** A user's message, and the answer to come. */
  async message(
    ownerId: number,
    conversationId: number,
    { content, replyTo, onDisconnect = 'continue', fileIds = [] }: NewMessage,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedTurn> {
    const outset = await this.settings.outset(ownerId, conversationId);
    const { conversation } = outset.setting;
    await this.budget.admit(ownerId);
    const known = this.settings.checked(outset.setting);
    const place = await this.placeOf(outset, replyTo);
    const setting = place.losesSummary ? withoutSummary(known) : known;
    const prompt = { content, contentTokens: countTokens(content), fileIds };
    this.refuseTooLong(setting, prompt.contentTokens);
    const tokens = await this.budget.estimate(setting, prompt.contentTokens);
    const terms = { tokens, onDisconnect, idempotency };
    const stored = await this.store.create(conversation, prompt, place, terms);
    return { stored, setting };
  }

  /** One more answer to a user's message. */
  async answer(
    conversation: Conversation,
    prompt: Message,
    { onDisconnect = 'continue' }: RegenerateDto,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedTurn> {
    await this.budget.admit(conversation.ownerId);
    const [known, isSummarized] = await Promise.all([
      this.settings.of(conversation),
      this.branches.isSummarized(conversation, prompt),
    ]);
    const losesSummary = !isSummarized;
    const setting = losesSummary ? withoutSummary(known) : known;
    const tokens = await this.budget.estimate(setting, 0);
    const terms = { tokens, onDisconnect, idempotency };
    const stored = await this.store.createAnswer(conversation, prompt, losesSummary, terms);
    return { stored, setting };
  }

  /** Takes back what is set aside for the running turn of a conversation that is about to be deleted. */
  takeBack(manager: EntityManager, ownerId: number, conversationId: number): Promise<void> {
    return this.budget.takeBack(manager, ownerId, conversationId);
  }

  private async placeOf(
    { setting: { conversation }, end }: TurnOutset,
    replyTo: number | null | undefined,
  ): Promise<TurnPlace> {
    if (replyTo === undefined) return { parent: end, isNamed: false, losesSummary: false };
    const parent: BranchPoint | null =
      replyTo === null ? null : await this.branches.answer(conversation, replyTo);
    const losesSummary = !(await this.branches.isSummarized(conversation, parent));
    return { parent, isNamed: true, losesSummary };
  }

  /** What no model could read is refused before anything is stored. */
  private refuseTooLong(setting: PromptSetting, tokens: number): void {
    const room =
      this.prompt.budget(setting) - this.prompt.systemTokens(setting) - 2 * MESSAGE_OVERHEAD_TOKENS;
    if (tokens <= room) return;
    const message = fieldMessage('isTooLongForModel', [Math.max(0, room)]);
    throw new AppError('invalid_input', { errors: [{ field: 'content', message }] });
  }
}
