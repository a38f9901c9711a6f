import { Injectable, Logger } from '@nestjs/common';
import { JobQueue } from '../../libs/jobs/job-queue.js';
import { AsidesService } from './asides.service.js';
import { SummaryWriter } from './summary.writer.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';

/** The job that brings a conversation's summary up to date. */
export const SUMMARIZE = 'conversations.summarize';

/** What the job is told. */
export interface SummarizeData {
  ownerId: number;
  conversationId: number;
}

/** Which part of its room a conversation takes when its older turns are summarized: before any has to be left out. */
const SUMMARIZE_AT = 0.7;

/** Has conversations summarized that are about to outgrow what their model can be shown. */
@Injectable()
export class Summaries {
  private readonly logger = new Logger('Summaries');

  constructor(
    private readonly jobs: JobQueue,
    private readonly asides: AsidesService,
    private readonly prompt: TurnPrompt,
    writer: SummaryWriter,
  ) {
    jobs.handle<SummarizeData>(SUMMARIZE, ({ data }, signal) =>
      writer.write(data.ownerId, data.conversationId, signal),
    );
  }

  /** @param spoken tokens of what was said, see `BuiltPrompt`, and of the answer that has just ended */
  consider(setting: PromptSetting, spoken: number): void {
    const { id: conversationId, ownerId } = setting.conversation;
    if (!this.asides.canAsk(setting)) return;
    if (spoken < this.prompt.room(setting) * SUMMARIZE_AT) return;
    const data: SummarizeData = { ownerId, conversationId };
    this.jobs.add(SUMMARIZE, data, { jobId: String(conversationId) }).catch((error: unknown) => {
      // The next turn asks again.
      this.logger.warn(`conversation ${conversationId} is not summarized: ${(error as Error).name}`);
    });
  }
}
