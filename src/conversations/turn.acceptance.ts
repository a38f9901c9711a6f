import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { fieldMessage } from '../common/validation.js';
import { countTokens } from '../llm/token-counter.js';
import { Branches, type BranchPoint } from './branches.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import type { Conversation } from './conversation.entity.js';
import type { FirstMessageDto, RegenerateDto, SendMessageDto } from './dto/turn.dto.js';
import type { Message } from './message.entity.js';
import { TurnAttachments } from './turn.attachments.js';
import { TurnBudget } from './turn.budget.js';
import { type PromptSetting, TurnPrompt, withDocuments, withoutSummary } from './turn.prompt.js';
import type { StoredTurn } from './turn.replays.js';
import { type TurnOutset, TurnSettings } from './turn.settings.js';
import { type TurnPlace, TurnStore } from './turn.store.js';

/** What a user says, and the recording in which he said it. */
export type NewMessage = SendMessageDto & { recordingId?: number };

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
    private readonly attachments: TurnAttachments,
    private readonly prompt: TurnPrompt,
    private readonly branches: Branches,
    private readonly budget: TurnBudget,
    private readonly store: TurnStore,
  ) {}

  /** Gives the files that a message names the time to be read that it gives them. */
  ready(ownerId: number, { fileIds, waitForFiles }: NewMessage): Promise<void> {
    return this.attachments.ready(ownerId, fileIds, waitForFiles);
  }

  /** A user's message, and the answer to come. */
  async message(
    ownerId: number,
    conversationId: number,
    dto: NewMessage,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedTurn> {
    return this.prompted(ownerId, await this.settings.outset(ownerId, conversationId), dto, idempotency);
  }

  /** The same in a conversation that is stored with it. */
  async first(
    ownerId: number,
    dto: FirstMessageDto,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedTurn> {
    return this.prompted(ownerId, await this.settings.first(ownerId, dto), dto, idempotency);
  }

  private async prompted(
    ownerId: number,
    outset: TurnOutset,
    dto: NewMessage,
    idempotency: Idempotency | undefined,
  ): Promise<AcceptedTurn> {
    await this.budget.admit(ownerId);
    const known = this.settings.checked(outset.setting);
    const place = await this.placeOf(outset, dto.replyTo);
    const files = await this.attachments.find(ownerId, dto.fileIds ?? []);
    this.attachments.assertVisible(known.chatbot, files);
    const brought = files.some(({ kind }) => kind === 'document') ? withDocuments(known) : known;
    const setting = place.losesSummary ? withoutSummary(brought) : brought;
    const contentTokens = this.prompt.promptTokens(setting, dto.content, files);
    this.refuseTooLong(setting, dto.content, contentTokens);
    const tokens = await this.budget.estimate(setting, contentTokens, dto.fileIds);
    const fileIds = carriedFiles(dto) ?? [];
    const prompt = { content: dto.content, contentTokens, fileIds };
    const { onDisconnect = 'continue' } = dto;
    const terms = { tokens, onDisconnect, idempotency };
    const stored = await this.store.create(brought.conversation, prompt, place, terms);
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
    this.attachments.assertVisible(known.chatbot, prompt.files);
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
      replyTo === null ? null : await this.branches.parent(conversation, replyTo);
    const losesSummary = !(await this.branches.isSummarized(conversation, parent));
    return { parent, isNamed: true, losesSummary };
  }

  /** What no model could read is refused before anything is stored. */
  private refuseTooLong(setting: PromptSetting, content: string, tokens: number): void {
    const room =
      this.prompt.budget(setting) - this.prompt.systemTokens(setting) - 2 * MESSAGE_OVERHEAD_TOKENS;
    if (tokens <= room) return;
    const message = fieldMessage('isTooLongForModel', [Math.max(0, room)]);
    const field = countTokens(content) > room ? 'content' : 'fileIds';
    throw new AppError('invalid_input', { errors: [{ field, message }] });
  }
}

/** All files that a new message carries; undefined where it names none. */
export function carriedFiles({ fileIds, recordingId }: NewMessage): number[] | undefined {
  if (recordingId === undefined) return fileIds;
  return [...(fileIds ?? []), recordingId];
}
