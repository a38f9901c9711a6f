import { Injectable } from '@nestjs/common';
import type { Message } from './message.entity.js';
import { Summaries } from './summaries.js';
import { Titles } from './titles.js';
import type { PromptSetting } from './turn.prompt.js';

/** What is done for a conversation when a turn in it has ended. */
@Injectable()
export class TurnSequel {
  constructor(
    private readonly summaries: Summaries,
    private readonly titles: Titles,
  ) {}

  /** @param spoken tokens of what was said until then, see `BuiltPrompt` */
  consider(setting: PromptSetting, answer: Message, spoken: number): void {
    this.summaries.consider(setting, spoken + (answer.contentTokens ?? 0));
    this.titles.consider(setting, answer);
  }
}
