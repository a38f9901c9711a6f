import { Injectable } from '@nestjs/common';
import { SuggestionsService } from '../../suggestions/suggestions.service.js';
import { refused } from './assistant.errors.js';
import type { AssistantSuggestionsDto } from './dto/chat.dto.js';
import type { AssistantQueryDto } from './dto/conversation.dto.js';

/** What the user may ask next. */
@Injectable()
export class AssistantSuggestions {
  constructor(private readonly suggestions: SuggestionsService) {}

  /** None where nobody can be asked for any, and of what has no answer: pages go on without. @throws AppError not_found */
  async of(
    ownerId: number,
    messageId: number,
    { format }: AssistantQueryDto,
  ): Promise<string[] | AssistantSuggestionsDto> {
    const { items, reason } = await this.suggestions.of(ownerId, messageId);
    if (reason === 'timeout' || reason === 'model_failed') throw refused(502, '暂时无法生成建议问题');
    if (reason === 'quota_exceeded') throw refused(429, '今日额度已用完');
    return format === 'object' ? { data: items } : items;
  }
}
