import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { countTokens } from '../llm/token-counter.js';
import { AsidesService } from './asides.service.js';
import { Branches } from './branches.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import { Conversation } from './conversation.entity.js';
import { isFinal, type Message } from './message.entity.js';
import { cutToTokens, summaryRequest } from './summary.text.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';

/** Which part of the room for what was said the newest turns may keep; the older ones go into the summary. */
const KEPT_SHARE = 0.4;
/** The very newest may have this much: the next question is about it. */
const NEWEST_SHARE = 0.7;
/** The longest summary: this part of the room, and never more than so many tokens. */
const SUMMARY_SHARE = 0.2;
const SUMMARY_TOKENS = 1_000;
/** Where not even so many tokens are free for a summary, none is made. */
const MIN_SUMMARY_TOKENS = 16;
const SAVES = 3;

/** The model gave no summary; the job is tried again. */
class NoSummaryError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/**
 * Brings the summary of a conversation up to date. Running twice at once is harmless: a summary is kept only where
 * the one that it was made from still stands, on the branch that it was made of.
 */
@Injectable()
export class SummaryWriter {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    private readonly branches: Branches,
    private readonly prompt: TurnPrompt,
    private readonly asides: AsidesService,
  ) {}

  /** Goes on until what is left word for word is short enough. @throws NoSummaryError */
  async write(ownerId: number, id: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const conversation = await this.conversations.findOneBy({ id, ownerId });
      const setting = conversation && (await this.asides.settingOf(conversation));
      if (!setting) return;
      const part = this.asMuchAsFits(setting, await this.olderTurns(setting));
      const last = part.at(-1);
      if (!last) return;
      const summary = await this.ask(setting, part, signal);
      if (summary === null) return;
      if (!(await this.save(setting.conversation, summary, last.seq))) return;
    }
  }

  /** What is said no more word for word, oldest first: whole turns of the active branch. */
  private async olderTurns(setting: PromptSetting): Promise<Message[]> {
    const { conversation } = setting;
    if (this.summaryTokens(setting) < MIN_SUMMARY_TOKENS) return [];
    const end = await this.branches.activeEnd(conversation);
    if (!end) return [];
    const start = { id: end.id, below: end.seq + 1, until: conversation.summaryUntil };
    const room = this.prompt.room(setting);
    const older: Message[] = [];
    let spoken = 0;
    let share = NEWEST_SHARE;
    let next: Message | undefined;
    for await (const message of this.branches.back(conversation, start)) {
      spoken += tokensOf(message);
      const mayEnd = isEndOfTurn(message, next);
      if (older.length > 0 || (spoken > room * share && mayEnd)) older.unshift(message);
      if (message.role === 'user') share = KEPT_SHARE;
      next = message;
    }
    return older;
  }

  /** As many whole turns as one request takes; of a single one that is too long, its beginnings. */
  private asMuchAsFits(setting: PromptSetting, messages: Message[]): Message[] {
    const limit = this.partTokens(setting);
    let tokens = 0;
    let fits = 0;
    for (const [index, message] of messages.entries()) {
      tokens += tokensOf(message);
      if (tokens > limit && fits > 0) break;
      if (messages[index + 1]?.role !== 'assistant' || message.role === 'assistant') fits = index + 1;
    }
    const part = messages.slice(0, fits);
    if (tokensOfAll(part) <= limit) return part;
    const each = Math.floor(limit / part.length) - MESSAGE_OVERHEAD_TOKENS;
    return part.map((message) =>
      Object.assign(Object.create(message) as Message, { content: cutToTokens(message.content, each) }),
    );
  }

  /** The longest summary that there is room for. */
  private summaryTokens(setting: PromptSetting): number {
    return Math.min(SUMMARY_TOKENS, Math.floor(this.prompt.room(setting) * SUMMARY_SHARE));
  }

  /** Tokens of what one request may summarize: beside it there are what is asked, the summary so far, and the new one. */
  private partTokens(setting: PromptSetting): number {
    const maxTokens = this.summaryTokens(setting);
    const fixed = summaryRequest(setting.conversation.summary, [], maxTokens);
    const free = this.prompt.budget(setting) + this.prompt.answerTokens(setting) - maxTokens;
    const taken = fixed.reduce((sum, { content }) => sum + countTokens(content) + MESSAGE_OVERHEAD_TOKENS, 0);
    return Math.min(this.prompt.room(setting) * (1 - 2 * SUMMARY_SHARE), free - taken);
  }

  /** Null where the echo model stood in: it can only repeat. */
  private async ask(setting: PromptSetting, part: Message[], signal: AbortSignal): Promise<string | null> {
    const maxTokens = this.summaryTokens(setting);
    const spoken = part.filter(({ content }) => content !== '');
    const messages = summaryRequest(setting.conversation.summary, spoken, maxTokens);
    const answer = await this.asides.ask(setting, { messages, maxOutputTokens: maxTokens }, signal);
    if (answer.provider === 'echo') return null;
    const text = cutToTokens(answer.text.trim(), maxTokens);
    if (!answer.done || answer.error || text === '')
      throw new NoSummaryError(answer.error?.code ?? 'no_summary');
    return text;
  }

  /** False where somebody else has summarized meanwhile, or the conversation goes on from another branch. */
  private async save(read: Conversation, summary: string, summaryUntil: number): Promise<boolean> {
    const { id, ownerId } = read;
    let known: Conversation | null = read;
    for (let attempt = 0; attempt < SAVES && known?.summaryUntil === read.summaryUntil; attempt += 1) {
      const asKnown = { id, ownerId, activeSeq: known.activeSeq, summaryUntil: read.summaryUntil };
      const { affected } = await this.conversations.update(asKnown, { summary, summaryUntil });
      if (affected) return true;
      known = await this.conversations.findOneBy({ id, ownerId });
      const end = known && (await this.branches.activeEnd(known));
      const next = known && Object.assign(new Conversation(), known, { summaryUntil });
      if (!next || !(await this.branches.isSummarized(next, end))) return false;
    }
    return false;
  }
}

/** An answer, or a message that was left without one: what comes next is another one of the user's. */
function isEndOfTurn({ role, status }: Message, next: Message | undefined): boolean {
  return role === 'assistant' ? isFinal(status) : next?.role === 'user';
}

function tokensOf({ content, contentTokens }: Message): number {
  return (contentTokens ?? countTokens(content)) + MESSAGE_OVERHEAD_TOKENS;
}

function tokensOfAll(messages: Message[]): number {
  return messages.reduce((sum, message) => sum + tokensOf(message), 0);
}
