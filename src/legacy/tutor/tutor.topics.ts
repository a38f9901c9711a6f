import { Inject, Injectable } from '@nestjs/common';
import { AccountService } from '../../auth/account.service.js';
import type { AuthUser } from '../../common/current-user.js';
import { AppError } from '../../common/errors.js';
import { ENV, type Env } from '../../config/env.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { CreateTopicDto } from '../../topics/dto/topic-input.dto.js';
import { TopicsService } from '../../topics/topics.service.js';
import {
  type TutorCallerDto,
  type TutorCustomTopicDto,
  type TutorMessageDto,
  type TutorPresetTopicDto,
  type TutorThemeDto,
  TutorTopicDto,
  type TutorTopicsDto,
} from './dto/topic.dto.js';
import { refused } from './tutor.errors.js';

/** What the old service called its scenarios. */
const PRESETS: Record<string, NonNullable<CreateTopicDto['preset']>> = {
  'Attractions for help': 'attractions-help',
  'Teacher helps with English': 'teacher-helps-english',
  'Lost Items at Station': 'lost-items-station',
  'Cajoling your girlfriend': 'cajoling-girlfriend',
  'Food Ordering': 'food-ordering',
  'Apply for resignation': 'apply-resignation',
};

/** Whoever practises spoken English is answered in English, whatever he speaks himself. */
const PRACTICE = { practice: true, replyLanguage: 'en' };

/** Topics, as the surface `tutor` knows them. */
@Injectable()
export class TutorTopics {
  constructor(
    private readonly topics: TopicsService,
    private readonly conversations: ConversationsService,
    private readonly account: AccountService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async list(user: AuthUser, { user_id }: TutorCallerDto): Promise<TutorTopicsDto> {
    if (user_id === undefined) throw refused(400, 'Invalid user');
    const [account, summaries] = await Promise.all([
      this.account.find(user),
      this.conversations.summariesByTopic(user.id),
    ]);
    const topics: TutorTopicDto[] = [];
    for await (const topic of this.topics.every(user.id))
      topics.push(TutorTopicDto.from(topic, account, summaries.get(topic.id)));
    return { topics };
  }

  async add(user: AuthUser, dto: TutorCallerDto): Promise<TutorTopicsDto> {
    if (dto.user_id === undefined) throw refused(400, 'Invalid user');
    await this.create(user);
    return this.list(user, dto);
  }

  async addCustom(user: AuthUser, { user_id, instructions }: TutorCustomTopicDto): Promise<TutorTopicsDto> {
    if (user_id === undefined || !instructions?.trim()) throw refused(400, 'The necessary data is missing!');
    await this.create(user, { instructions });
    return this.list(user, { user_id });
  }

  async addPreset(user: AuthUser, { user_id, pre_theme }: TutorPresetTopicDto): Promise<TutorTopicsDto> {
    if (user_id === undefined) throw refused(400, 'Invalid user');
    const theme = pre_theme?.trim() ?? '';
    if (!Object.hasOwn(PRESETS, theme)) throw refused(400, 'Unknown preset');
    await this.create(user, { preset: PRESETS[theme]!, theme });
    return this.list(user, { user_id });
  }

  async rename(user: AuthUser, { topic_id, theme }: TutorThemeDto): Promise<TutorMessageDto> {
    if (topic_id === undefined || !theme?.trim()) throw refused(400, 'Missing topic_id or theme data');
    await orRefuse(
      () => this.topics.update(user.id, topic_id, { theme }),
      refused(404, 'Topic does not exist'),
    );
    return { message: 'Theme updated successfully' };
  }

  /** A topic that is called by its user and the time, unless it is named. Its id. */
  async create(
    user: AuthUser,
    dto: Pick<CreateTopicDto, 'theme' | 'instructions' | 'preset'> = {},
  ): Promise<number> {
    const label = { theme: `${user.username}:${this.now()}`, themeIsLabel: dto.theme === undefined };
    return (await this.topics.create(user.id, { ...label, ...dto, ...PRACTICE })).id;
  }

  /** `2026-11-21 16:30:00`, which is how Swedes write it. */
  private now(): string {
    const { LEGACY_TIME_ZONE: timeZone } = this.env;
    const format = { dateStyle: 'short', timeStyle: 'medium', timeZone } as const;
    return new Intl.DateTimeFormat('sv-SE', format).format(new Date());
  }
}

/** Answers an object that is not there as the old service does. */
export async function orRefuse<T>(work: () => Promise<T>, refusal: AppError): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError && error.code === 'not_found' ? refusal : error;
  }
}
