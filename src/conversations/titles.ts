import { Inject, Injectable, Logger } from '@nestjs/common';
import { JobQueue } from '../../libs/jobs/job-queue.js';
import { ENV, type Env } from '../config/env.js';
import { AsidesService } from './asides.service.js';
import type { Message } from './message.entity.js';
import { TitleWriter } from './title.writer.js';
import type { PromptSetting } from './turn.prompt.js';

/** The job that has a conversation's model give it its title. */
export const GIVE_TITLE = 'conversations.title';

/** What the job is told: by which answer it is known what the conversation is about. */
export interface GiveTitleData {
  ownerId: number;
  messageId: number;
}

/** What has failed is tried again after the next turns; a conversation that is longer keeps its first words. */
const LAST_SEQ = 8;

/** Has conversations named after their first turn. Until then, and where that fails, they have their first words. */
@Injectable()
export class Titles {
  private readonly logger = new Logger('Titles');

  constructor(
    private readonly jobs: JobQueue,
    private readonly asides: AsidesService,
    @Inject(ENV) private readonly env: Env,
    writer: TitleWriter,
  ) {
    jobs.handle<GiveTitleData>(GIVE_TITLE, ({ data }, signal) =>
      writer.write(data.ownerId, data.messageId, signal),
    );
  }

  /** @param answer as its turn has ended */
  consider(setting: PromptSetting, { id: messageId, status, seq }: Message): void {
    const { id, ownerId, titleSource } = setting.conversation;
    const isNamed = titleSource === 'user' || titleSource === 'model';
    if (!this.env.AUTO_TITLES || isNamed || status !== 'completed' || seq > LAST_SEQ) return;
    if (!this.asides.canAsk(setting)) return;
    const data: GiveTitleData = { ownerId, messageId };
    this.jobs.add(GIVE_TITLE, data, { jobId: String(id) }).catch((error: unknown) => {
      // The next turn asks again.
      this.logger.warn(`conversation ${id} is not named: ${(error as Error).name}`);
    });
  }
}
