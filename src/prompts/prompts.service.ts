import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, IsNull, LessThan, Repository } from 'typeorm';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import type { AuthUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { fieldMessage } from '../common/validation.js';
import { inTransaction } from '../database/transaction.js';
import type { CreatePromptDto, RandomPromptsQueryDto, UpdatePromptDto } from './dto/prompt-input.dto.js';
import { PromptDto, type PromptListDto, type PromptPageDto } from './dto/prompt.dto.js';
import { drawPositions } from './draw-positions.js';
import { ensureScope, removeFromScope, SHARED_SCOPE, takePosition } from './prompt-positions.js';
import { PromptScope } from './prompt-scope.entity.js';
import { Prompt } from './prompt.entity.js';

/** Who asks: what he may change depends on his role. */
type Asker = Pick<AuthUser, 'id' | 'role'>;

/** A draw meets a removal of the last prompt this often in a row only where something is wrong. */
const DRAWS = 3;

/** The prompts of each person, and the shared library: everybody reads it, admins change it. */
@Injectable()
export class PromptsService {
  constructor(
    @InjectRepository(Prompt) private readonly prompts: Repository<Prompt>,
    @InjectRepository(PromptScope) private readonly scopes: Repository<PromptScope>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @throws AppError invalid_input where somebody other than an admin makes a shared one. */
  async create(user: Asker, { title, text, tags = [], shared = false }: CreatePromptDto): Promise<PromptDto> {
    if (shared && user.role !== 'admin') {
      throw new AppError('invalid_input', {
        errors: [{ field: 'shared', message: fieldMessage('invalid') }],
      });
    }
    const ownerId = shared ? null : user.id;
    const scopeId = ownerId ?? SHARED_SCOPE;
    await ensureScope(this.dataSource.manager, scopeId);
    return inTransaction(this.dataSource, async (manager) => {
      const position = await takePosition(manager, scopeId);
      const prompt = manager.create(Prompt, { ownerId, scopeId, position, title, text, tags });
      return PromptDto.from(await manager.save(prompt));
    });
  }

  /** Own and shared ones together, newest first. */
  async list(ownerId: number, { limit, cursor }: PageQueryDto): Promise<PromptPageDto> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    // One query each, so that both follow the index to their newest rows and no further.
    const newestOf = (owner: number | null): Promise<Prompt[]> =>
      this.prompts.find({
        where: { ownerId: owner ?? IsNull(), ...(before !== undefined && { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit + 1,
      });
    const [own, shared] = await Promise.all([newestOf(ownerId), newestOf(null)]);
    const rows = [...own, ...shared].sort((a, b) => b.id - a.id).slice(0, limit + 1);
    const { items, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { items: items.map((prompt) => PromptDto.from(prompt)), nextCursor };
  }

  /** Different ones out of the own and the shared, every choice equally likely, at the same cost at any number. */
  async random(ownerId: number, { count }: RandomPromptsQueryDto): Promise<PromptListDto> {
    for (let draw = 1; ; draw += 1) {
      const places = await this.drawPlaces(ownerId, count);
      const prompts = await this.atPlaces(ownerId, places);
      // One is missing where it was removed between the two queries.
      if (prompts.length === places.length || draw === DRAWS) {
        return { items: prompts.map((prompt) => PromptDto.from(prompt)) };
      }
    }
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<PromptDto> {
    return PromptDto.from(await this.findIn([ownerId, SHARED_SCOPE], id));
  }

  /** @throws AppError not_found */
  async update(user: Asker, id: number, dto: UpdatePromptDto): Promise<PromptDto> {
    const { affected } = await this.prompts.update(
      { id, scopeId: In(changeableBy(user)) },
      { ...dto, updatedAt: new Date() },
    );
    if (!affected) throw new AppError('not_found');
    return this.find(user.id, id);
  }

  /** @throws AppError not_found */
  async delete(user: Asker, id: number): Promise<void> {
    const { scopeId } = await this.findIn(changeableBy(user), id);
    await inTransaction(this.dataSource, async (manager) => {
      if (!(await removeFromScope(manager, scopeId, id))) throw new AppError('not_found');
    });
  }

  private async findIn(scopeIds: number[], id: number): Promise<Prompt> {
    const prompt = await this.prompts.findOneBy({ id, scopeId: In(scopeIds) });
    if (!prompt) throw new AppError('not_found');
    return prompt;
  }

  private async drawPlaces(ownerId: number, count: number): Promise<Place[]> {
    const scopes = await this.scopes.findBy({ scopeId: In([ownerId, SHARED_SCOPE]) });
    const sizeOf = (scopeId: number): number => scopes.find((scope) => scope.scopeId === scopeId)?.size ?? 0;
    const own = sizeOf(ownerId);
    return drawPositions(own + sizeOf(SHARED_SCOPE), count, Math.random).map((drawn) =>
      drawn < own ? { scopeId: ownerId, position: drawn } : { scopeId: SHARED_SCOPE, position: drawn - own },
    );
  }

  /** The prompts at these places, in the places' order. */
  private async atPlaces(ownerId: number, places: Place[]): Promise<Prompt[]> {
    const where = [ownerId, SHARED_SCOPE].map((scopeId) => ({
      scopeId,
      position: In(places.filter((place) => place.scopeId === scopeId).map(({ position }) => position)),
    }));
    const found = await this.prompts.find({ where });
    const at = new Map(found.map((prompt) => [`${prompt.scopeId}:${prompt.position}`, prompt]));
    return places.flatMap(({ scopeId, position }) => at.get(`${scopeId}:${position}`) ?? []);
  }
}

interface Place {
  scopeId: number;
  position: number;
}

function changeableBy({ id, role }: Asker): number[] {
  return role === 'admin' ? [id, SHARED_SCOPE] : [id];
}
