import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, MoreThan, Repository } from 'typeorm';
import { decodeCursor, everyItem, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import type { OrderedPageQueryDto } from '../common/page-query.dto.js';
import { fieldMessage } from '../common/validation.js';
import type { CreateTopicDto, UpdateTopicDto } from './dto/topic-input.dto.js';
import { TopicDto, type TopicPageDto, TopicPresetDto, type TopicPresetListDto } from './dto/topic.dto.js';
import { TOPIC_PRESET_IDS, TOPIC_PRESETS } from './topic-presets.js';
import { Topic } from './topic.entity.js';

const PAGE = 100;

/** The topics of each person. */
@Injectable()
export class TopicsService {
  constructor(@InjectRepository(Topic) private readonly topics: Repository<Topic>) {}

  /** @throws AppError invalid_input where there is neither a theme nor a preset. */
  async create(ownerId: number, dto: CreateTopicDto): Promise<TopicDto> {
    const preset = dto.preset ? TOPIC_PRESETS[dto.preset] : undefined;
    const theme = dto.theme ?? preset?.theme;
    if (theme === undefined) {
      throw new AppError('invalid_input', {
        errors: [{ field: 'theme', message: fieldMessage('isRequiredHere') }],
      });
    }
    const instructions = dto.instructions === undefined ? (preset?.instructions ?? null) : dto.instructions;
    const { replyLanguage = null, themeIsLabel = false, practice = false, preset: presetId = null } = dto;
    const topic = {
      ...{ ownerId, theme, themeIsLabel, instructions, context: null },
      ...{ replyLanguage, practice, preset: presetId },
    };
    return TopicDto.from(await this.topics.save(this.topics.create(topic)));
  }

  /** The own topics, newest first where nothing else is asked for. */
  async list(ownerId: number, { limit, cursor, order }: OrderedPageQueryDto): Promise<TopicPageDto> {
    const [last] = decodeCursor(cursor, 1) ?? [];
    const behind = order === 'asc' ? MoreThan : LessThan;
    const rows = await this.topics.find({
      where: { ownerId, ...(last !== undefined && { id: behind(last) }) },
      order: { id: order },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((topic) => TopicDto.from(topic)), nextCursor };
  }

  /** All of the own topics, oldest first; read page by page. */
  every(ownerId: number): AsyncIterable<TopicDto> {
    return everyItem((cursor) =>
      this.list(ownerId, { limit: PAGE, order: 'asc', ...(cursor && { cursor }) }),
    );
  }

  presets(): TopicPresetListDto {
    return { items: TOPIC_PRESET_IDS.map((id) => TopicPresetDto.from(id, TOPIC_PRESETS[id])) };
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<TopicDto> {
    return TopicDto.from(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found */
  async update(ownerId: number, id: number, dto: UpdateTopicDto): Promise<TopicDto> {
    // An UPDATE, and not `save`: that would bring a topic back which was deleted in between.
    const renamed = dto.theme === undefined ? {} : { themeIsLabel: false };
    const changes = { ...renamed, ...dto, updatedAt: new Date() };
    const { affected } = await this.topics.update({ id, ownerId }, changes);
    if (!affected) throw new AppError('not_found');
    return this.find(ownerId, id);
  }

  /** Conversations about it stay, without a topic. @throws AppError not_found */
  async delete(ownerId: number, id: number): Promise<void> {
    const { affected } = await this.topics.delete({ id, ownerId });
    if (!affected) throw new AppError('not_found');
  }

  /** Whose it is: for closed networks only, where a request need not show who sends it (`LEGACY_TRUST_CALLER`). */
  async ownerOf(id: number): Promise<number | undefined> {
    return (await this.topics.findOne({ where: { id }, select: { ownerId: true } }))?.ownerId;
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Topic> {
    const topic = await this.topics.findOneBy({ id, ownerId });
    if (!topic) throw new AppError('not_found');
    return topic;
  }
}
