import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { TermQuery } from '../../libs/text-terms/term-query.js';
import { decodeCursor, encodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import type { PromptScopeName, PromptsQueryDto, PromptTagsQueryDto } from './dto/prompt-input.dto.js';
import { PromptDto, type PromptPageDto, type PromptTagListDto } from './dto/prompt.dto.js';
import { findNewest, type Found } from './prompt-finder.js';
import { SHARED_SCOPE } from './prompt-positions.js';
import { type Posting, termsLike } from './prompt-postings.js';
import { tagTerm, wordsText } from './prompt-terms.js';
import type { Prompt } from './prompt.entity.js';

/** Of more words with the same beginning the index is no help. */
const WORDS_OF_BEGINNING = 100;

/** Finds prompts of one's own and of the shared library, and says what there is to find. */
@Injectable()
export class PromptListingService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest first; own and shared ones together where both are asked for. */
  async list(ownerId: number, query: PromptsQueryDto): Promise<PromptPageDto> {
    const [before = Number.MAX_SAFE_INTEGER] = decodeCursor(query.cursor, 1) ?? [];
    const found = await Promise.all(
      // Each by itself, so that both follow their index to the newest ones and no further.
      scopesOf(ownerId, query.scope).map((scopeId) => this.findIn(scopeId, query, before)),
    );
    const { items, nextCursor } = merge(found, query.limit);
    return { items: items.map((prompt) => PromptDto.from(prompt)), nextCursor };
  }

  /** The most used tags; of those that are used equally often, in the order of the alphabet. */
  async tags(ownerId: number, { limit, scope }: PromptTagsQueryDto): Promise<PromptTagListDto> {
    const scopes = scopesOf(ownerId, scope);
    const sql = `SELECT MIN(tag) AS tag, SUM(uses) AS uses FROM prompt_tags
      WHERE scope_id IN (${scopes.map(() => '?').join(', ')})
      GROUP BY tag_key ORDER BY SUM(uses) DESC, tag_key LIMIT ?`;
    const { manager } = this.dataSource;
    const rows = await manager.query<{ tag: string; uses: number | string }[]>(sql, [...scopes, limit]);
    return { items: rows.map(({ tag, uses }) => ({ tag, count: Number(uses) })) };
  }

  private async findIn(
    scopeId: number,
    { q, tag = [], limit }: PromptsQueryDto,
    before: number,
  ): Promise<Found> {
    const { manager } = this.dataSource;
    const words = q === undefined ? undefined : TermQuery.of(q);
    const postings: Posting[] = [...tag.map(tagTerm), ...(words?.terms ?? [])].map((term) => [term]);
    for (const beginning of words?.beginnings ?? []) {
      const terms = await termsLike(manager, scopeId, beginning, WORDS_OF_BEGINNING);
      // So many words begin like this that it is soon found by looking at the texts themselves.
      if (terms) postings.push(terms);
    }
    if (words?.isEmpty || postings.some((posting) => posting.length === 0)) return { prompts: [] };
    const isWanted = (prompt: Prompt) => !words || words.find(wordsText(prompt)) !== null;
    return findNewest(manager, scopeId, { postings, isWanted }, before, limit + 1);
  }
}

export function scopesOf(ownerId: number, scope: PromptScopeName): number[] {
  if (scope === 'all') return [ownerId, SHARED_SCOPE];
  return [scope === 'own' ? ownerId : SHARED_SCOPE];
}

/** One page of what was found in several scopes. It ends where the search in one of them did. */
function merge(found: Found[], limit: number): Page<Prompt> {
  const end = Math.max(0, ...found.map(({ lookedTo = 0 }) => lookedTo));
  const prompts = found.flatMap((one) => one.prompts).sort((a, b) => b.id - a.id);
  const page = pageOf(
    prompts.filter(({ id }) => id >= end),
    limit,
    ({ id }) => [id],
  );
  return end > 0 && page.nextCursor === null ? { ...page, nextCursor: encodeCursor([end]) } : page;
}
