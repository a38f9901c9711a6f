import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { StreamEndedError } from '../../libs/streams/event-streams.js';
import { AppError } from '../common/errors.js';
import { describeFailure } from '../common/describe-failure.js';
import { ENV, type Env } from '../config/env.js';
import { waitForDatabase } from '../database/patience.js';
import { classifyStorageFailure } from '../files/file-storage.js';
import type { LanguageModel, LlmRequest } from '../llm/language-model.js';
import { Answer } from './answer.js';
import type { Message } from './message.entity.js';
import { createdEvent, deltaEvent, endEvent, TurnEvents } from './turn.events.js';
import { TurnEnding } from './turn.ending.js';
import { TurnJournal } from './turn.journal.js';
import { TurnLease } from './turn.lease.js';
import { TurnStartLine } from './turn.start-line.js';

/** UTF-16 units. No model answers at such length; one that does not end by itself is ended. */
const MAX_ANSWER_LENGTH = 1_000_000;

/** How long a turn waits for a database that went away before its history was read. */
const PATIENCE_MS = 60_000;

/** How long one turn may keep the event loop to itself. */
const MAX_HOLD_MS = 10;

/** Why a running turn is told to end before its model does. */
type EndReason = 'stopped' | 'interrupted' | 'lost';

/** A turn that is stored and can be run. */
export interface Turn {
  userMessage: Message;
  assistantMessage: Message;
  model: LanguageModel;
  /** Makes the request: reading the history is part of the turn, and may fail like the rest of it. */
  request: () => Promise<LlmRequest>;
  /** Told of the turn as it ended. */
  whenEnded?: (assistantMessage: Message) => void;
}

interface RunningTurn {
  abort: AbortController;
  reason?: EndReason;
  ended: Promise<void>;
}

/** Runs turns. A turn belongs to the server: it goes on whoever listens, until it ends or is told to. */
@Injectable()
export class TurnEngine implements BeforeApplicationShutdown {
  private readonly logger = new Logger('TurnEngine');
  private readonly running = new Map<number, RunningTurn>();
  private draining = false;

  constructor(
    private readonly events: TurnEvents,
    private readonly journal: TurnJournal,
    private readonly lease: TurnLease,
    private readonly startLine: TurnStartLine,
    private readonly ending: TurnEnding,
    @Inject(ENV) private readonly env: Env,
  ) {
    lease.listen((messageId) => this.tell(messageId, 'stopped'));
    events.listen((messageId) => this.tell(messageId, 'stopped'));
    journal.listen((messageId) => this.tell(messageId, 'lost'));
  }

  /** Whether turns can be begun here, and ended. */
  get accepting(): boolean {
    return !this.draining;
  }

  /**
   * @throws AppError shutting_down: nothing new is begun that could not be ended; events_unavailable: nobody in
   *   another process could follow it
   */
  assertAccepting(): void {
    if (this.draining) throw new AppError('shutting_down', { retryAfter: 2 });
    if (!this.events.available()) throw new AppError('events_unavailable', { retryAfter: 2 });
  }

  /** Begins a turn; its first event can be read when this returns. */
  async start(turn: Turn): Promise<void> {
    const { id } = turn.assistantMessage;
    const abort = new AbortController();
    this.lease.hold(id);
    try {
      await this.events.begin(turn.assistantMessage, createdEvent(turn.userMessage, turn.assistantMessage));
    } catch (error) {
      // Its lease runs out, and whichever process sweeps it begins it again.
      this.lease.letGo(id);
      throw error;
    }
    this.running.set(id, {
      abort,
      ended: this.run(turn, abort.signal).finally(() => this.running.delete(id)),
    });
    // It was being stored when the end of the process began, and came too late to be told with the others.
    if (this.draining) this.tell(id, 'interrupted');
  }

  /** Stops a turn of this process and waits for its end; false where this process does not run it. */
  async stop(messageId: number): Promise<boolean> {
    const turn = this.running.get(messageId);
    if (!turn) return false;
    this.tell(messageId, 'stopped');
    await turn.ended;
    return true;
  }

  /** Whether this process runs this turn now. */
  runs(messageId: number): boolean {
    return this.running.has(messageId);
  }

  /** Takes up a turn whose process died before it had asked a model; false where somebody else has done so. */
  takeOver(answer: Message): Promise<boolean> {
    return this.lease.takeOver(answer);
  }

  /** Asks the process that runs this turn to stop it. */
  requestStop(ownerId: number, messageId: number): Promise<void> {
    return this.lease.requestStop(ownerId, messageId);
  }

  /** The turn's row was deleted: ends the model's work. */
  abandon(messageId: number): void {
    this.tell(messageId, 'lost');
  }

  /** Gives running turns a time to end, then interrupts them: each one's end is written and told. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    const all = () => Promise.allSettled([...this.running.values()].map(({ ended }) => ended));
    if (this.running.size > 0) await Promise.race([all(), sleep(this.env.SHUTDOWN_GRACE_MS)]);
    for (const id of this.running.keys()) this.tell(id, 'interrupted');
    await Promise.race([all(), sleep(5_000)]);
  }

  private tell(messageId: number, reason: EndReason): void {
    const turn = this.running.get(messageId);
    if (!turn || turn.abort.signal.aborted) return;
    turn.reason = reason;
    turn.abort.abort();
  }

  /** An event that cannot be told is in the text of the row. Where the stream has ended, so has the turn. */
  private untold(messageId: number, error: unknown): void {
    if (error instanceof StreamEndedError) this.tell(messageId, 'lost');
    else this.logger.warn(`turn ${messageId}: an event was not told: ${(error as Error).name}`);
  }

  /** Never throws: whatever happens, the turn gets its end. */
  private async run(turn: Turn, signal: AbortSignal): Promise<void> {
    const { id } = turn.assistantMessage;
    const answer = new Answer();
    try {
      await this.generate(turn, answer, signal);
    } catch (error) {
      this.logger.error(`turn ${id}: ${describeFailure(error)}`);
      answer.fail(classifyStorageFailure(error) ?? 'internal_error');
    }
    const reason = signal.aborted ? (this.running.get(id)?.reason ?? 'interrupted') : undefined;
    try {
      await this.journal.close(id);
      const ended = await this.ending.write(
        turn.assistantMessage,
        answer,
        reason === 'lost' ? 'interrupted' : reason,
      );
      this.lease.letGo(id);
      await this.events.end(turn.assistantMessage, endEvent(ended));
      turn.whenEnded?.(ended);
    } catch (error) {
      this.logger.error(`turn ${id}: its end was not told: ${(error as Error).name}`);
    }
  }

  private async generate(
    { assistantMessage, model, request }: Turn,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<void> {
    const { id } = assistantMessage;
    const prepared = Promise.all([waitForDatabase(request, PATIENCE_MS, signal), this.startLine.cross(id)]);
    // A stop does not wait for documents to be looked through.
    const ready = await Promise.race([prepared, aborted(signal)]);
    if (!ready) return void prepared.catch(() => undefined);
    const [made, mayStart] = ready;
    answer.request = made;
    if (!mayStart) this.tell(id, 'lost');
    if (signal.aborted) return;
    let yieldedAt = performance.now();
    for await (const event of model.stream(answer.request, signal)) {
      if (signal.aborted) return;
      // A provider that floods us fills the loop with promises alone: timers and sockets must have their turn too.
      if (performance.now() - yieldedAt > MAX_HOLD_MS) {
        await setImmediate();
        yieldedAt = performance.now();
      }
      const added = answer.take(event);
      if (added === '') continue;
      this.journal.note(id, answer.text);
      // Not waited for: events keep their order, and whoever listens elsewhere must not slow the model down.
      this.events
        .append(assistantMessage, deltaEvent(added))
        .catch((error: unknown) => this.untold(id, error));
      if (answer.text.length > MAX_ANSWER_LENGTH) return answer.fail('llm_too_long');
    }
    if (!answer.done && !answer.error) answer.fail('llm_protocol');
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const end = () => resolve(undefined);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
