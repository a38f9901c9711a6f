import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In, Repository } from 'typeorm';
import type { AuthUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { ENV, type Env } from '../config/env.js';
import { inTransaction } from '../database/transaction.js';
import type { CreatePromptDto, RandomPromptsQueryDto, UpdatePromptDto } from './dto/prompt-input.dto.js';
import type { RenderedPromptDto, RenderPromptDto } from './dto/prompt-render.dto.js';
import { PromptDto, type PromptListDto } from './dto/prompt.dto.js';
import { drawPositions } from './draw-positions.js';
import { reindex } from './prompt-index.js';
import { ensureScope, lockScope, removeFromScope, SHARED_SCOPE, takePositions } from './prompt-positions.js';
import { renderPrompt } from './prompt-render.js';
import { PromptScope } from './prompt-scope.entity.js';
import { Prompt } from './prompt.entity.js';

/** Who asks: what he may change depends on his role. */
type Asker = Pick<AuthUser, 'id' | 'role'>;

/** Titles that differ in white space at their ends only: nobody has as many. */
const LOOKED_AT = 1_000;

/** A draw meets a removal of the last prompt this often in a row only where something is wrong. */
const DRAWS = 3;

/** The prompts of each person, and the shared library: everybody reads it, admins change it. */
@Injectable()
export class PromptsService {
  constructor(
    @InjectRepository(Prompt) private readonly prompts: Repository<Prompt>,
    @InjectRepository(PromptScope) private readonly scopes: Repository<PromptScope>,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * @throws AppError invalid_input where somebody other than an admin makes a shared one; too_many_prompts;
   *   prompt_title_taken where the title has to be new
   */
  async create(user: Asker, dto: CreatePromptDto): Promise<PromptDto> {
    const { shared = false } = dto;
    if (shared && user.role !== 'admin') {
      throw new AppError('invalid_input', {
        errors: [{ field: 'shared', message: fieldMessage('invalid') }],
      });
    }
    return this.insert(dto, shared ? null : user.id, [user.id, SHARED_SCOPE]);
  }

  /**
   * A shared one that nobody has signed: for closed networks only, where a request need not show who sends it
   * (`LEGACY_TRUST_CALLER`).
   * @throws AppError prompt_title_taken where the title has to be new
   */
  createShared(dto: Omit<CreatePromptDto, 'shared'>): Promise<PromptDto> {
    return this.insert(dto, null, [SHARED_SCOPE]);
  }

  /** @param seen the scopes in which a title that has to be new must not stand */
  private async insert(
    { title, text, tags = [], uniqueTitle = false }: CreatePromptDto,
    ownerId: number | null,
    seen: number[],
  ): Promise<PromptDto> {
    const scopeId = ownerId ?? SHARED_SCOPE;
    const most = ownerId === null ? Infinity : this.env.PROMPTS_PER_USER;
    await ensureScope(this.dataSource.manager, scopeId);
    return inTransaction(this.dataSource, async (manager) => {
      const position = await takePositions(manager, scopeId, 1, most);
      // Behind the lock of the scope: whoever adds the same title at the same time waits for it.
      if (uniqueTitle) await assertNew(manager, seen, title);
      const row = { ownerId, scopeId, position, title, text, tags, indexed: true };
      const prompt = await manager.save(manager.create(Prompt, row));
      await reindex(manager, scopeId, [{ id: prompt.id, after: prompt }]);
      return PromptDto.from(prompt);
    });
  }

  /** Different ones out of the own and the shared, every choice equally likely, at the same cost at any number. */
  random(ownerId: number, { count }: RandomPromptsQueryDto): Promise<PromptListDto> {
    return this.draw([ownerId, SHARED_SCOPE], count);
  }

  /** The same out of the shared ones alone. */
  randomShared({ count }: RandomPromptsQueryDto): Promise<PromptListDto> {
    return this.draw([SHARED_SCOPE], count);
  }

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<PromptDto> {
    return PromptDto.from(await this.findIn([ownerId, SHARED_SCOPE], id));
  }

  /** The text with its variables filled. @throws AppError not_found, variable_missing, invalid_input */
  async render(ownerId: number, id: number, { values = {} }: RenderPromptDto): Promise<RenderedPromptDto> {
    const { text } = await this.findIn([ownerId, SHARED_SCOPE], id);
    return { text: renderPrompt(text, values) };
  }

  /** @throws AppError not_found */
  async update(user: Asker, id: number, dto: UpdatePromptDto): Promise<PromptDto> {
    const { scopeId } = await this.findIn(changeableBy(user), id);
    return inTransaction(this.dataSource, async (manager) => {
      await lockScope(manager, scopeId);
      const before = await manager.findOneBy(Prompt, { id, scopeId });
      if (!before) throw new AppError('not_found');
      await manager.update(Prompt, { id, scopeId }, { ...dto, indexed: true, updatedAt: new Date() });
      const after = await manager.findOneByOrFail(Prompt, { id, scopeId });
      await reindex(manager, scopeId, [{ id, before: before.indexed ? before : undefined, after }]);
      return PromptDto.from(after);
    });
  }

  /** @throws AppError not_found */
  async delete(user: Asker, id: number): Promise<void> {
    const { scopeId } = await this.findIn(changeableBy(user), id);
    await inTransaction(this.dataSource, async (manager) => {
      const removed = await removeFromScope(manager, scopeId, id);
      if (!removed) throw new AppError('not_found');
      if (removed.indexed) await reindex(manager, scopeId, [{ id, before: removed }]);
    });
  }

  private async findIn(scopeIds: number[], id: number): Promise<Prompt> {
    const prompt = await this.prompts.findOneBy({ id, scopeId: In(scopeIds) });
    if (!prompt) throw new AppError('not_found');
    return prompt;
  }

  private async draw(scopeIds: number[], count: number): Promise<PromptListDto> {
    for (let draw = 1; ; draw += 1) {
      const places = await this.drawPlaces(scopeIds, count);
      const prompts = await this.atPlaces(places);
      // One is missing where it was removed between the two queries.
      if (prompts.length === places.length || draw === DRAWS) {
        return { items: prompts.map((prompt) => PromptDto.from(prompt)) };
      }
    }
  }

  private async drawPlaces(scopeIds: number[], count: number): Promise<Place[]> {
    const scopes = await this.scopes.findBy({ scopeId: In(scopeIds) });
    const size = scopes.reduce((sum, scope) => sum + scope.size, 0);
    return drawPositions(size, count, Math.random).flatMap((drawn) => placeIn(scopes, drawn) ?? []);
  }

  /** The prompts at these places, in the places' order. */
  private async atPlaces(places: Place[]): Promise<Prompt[]> {
    const where = [...new Set(places.map(({ scopeId }) => scopeId))].map((scopeId) => ({
      scopeId,
      position: In(places.filter((place) => place.scopeId === scopeId).map(({ position }) => position)),
    }));
    const found = where.length > 0 ? await this.prompts.find({ where }) : [];
    const at = new Map(found.map((prompt) => [`${prompt.scopeId}:${prompt.position}`, prompt]));
    return places.flatMap(({ scopeId, position }) => at.get(`${scopeId}:${position}`) ?? []);
  }
}

/** Where the n-th of all the scopes' prompts is. */
function placeIn(scopes: PromptScope[], n: number): Place | undefined {
  let position = n;
  for (const { scopeId, size } of scopes) {
    if (position < size) return { scopeId, position };
    position -= size;
  }
  return undefined;
}

/** @throws AppError prompt_title_taken */
async function assertNew(manager: EntityManager, scopeIds: number[], title: string): Promise<void> {
  const alike = await manager.find(Prompt, {
    where: { scopeId: In(scopeIds), title },
    select: { id: true, title: true },
    take: LOOKED_AT,
  });
  // MariaDB passes over white space at the end where it compares.
  if (alike.some((prompt) => prompt.title === title)) throw new AppError('prompt_title_taken');
}

interface Place {
  scopeId: number;
  position: number;
}

function changeableBy({ id, role }: Asker): number[] {
  return role === 'admin' ? [id, SHARED_SCOPE] : [id];
}
