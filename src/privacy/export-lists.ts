import {
  type EntityManager,
  type EntityTarget,
  type FindOptionsOrder,
  type FindOptionsWhere,
  MoreThan,
  Not,
} from 'typeorm';
import { ApiKey } from '../api-keys/api-key.entity.js';
import { ApiKeyDto } from '../api-keys/dto/api-key.dto.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { SecurityEventDto } from '../audit/dto/security-event.dto.js';
import { Session } from '../auth/session.entity.js';
import { Chatbot } from '../chatbots/chatbot.entity.js';
import { ChatbotDto } from '../chatbots/dto/chatbot.dto.js';
import { FileDto } from '../files/dto/file.dto.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { ReviewDto } from '../learning/dto/review.dto.js';
import { Review } from '../learning/review.entity.js';
import { PromptDto } from '../prompts/dto/prompt.dto.js';
import { Prompt } from '../prompts/prompt.entity.js';
import { TranscriptionDto } from '../speech/dto/transcription.dto.js';
import { VoiceTurnDto } from '../speech/dto/voice-turn.dto.js';
import { SpeechClip } from '../speech/speech-clip.entity.js';
import { Transcription } from '../speech/transcription.entity.js';
import { VoiceTurn } from '../speech/voice-turn.entity.js';
import { Suggestion } from '../suggestions/suggestion.entity.js';
import { TopicDto } from '../topics/dto/topic.dto.js';
import { Topic } from '../topics/topic.entity.js';
import { UsageDayDto } from '../usage/dto/usage.dto.js';
import { UsageDay } from '../usage/usage-day.entity.js';
import { entryName } from './entry-name.js';

/** Rows that are in memory at a time. */
const PAGE = 100;

/** A part of an export that is one list: what its owner has of a kind, as the API shows it to him. */
export interface ExportList {
  /** Of its entry in the archive. */
  name: string;
  pages(manager: EntityManager, ownerId: number): AsyncGenerator<unknown[]>;
}

interface Row {
  id: number;
}

/**
 * All rows of an entity that meet a condition, page by page in the order of their ids. What comes while they are read
 * may be among them or not; what is there all the time is there once.
 */
export async function* pagesOf<T extends Row>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  where: FindOptionsWhere<T>,
): AsyncGenerator<T[]> {
  for (let after = 0; ;) {
    const rows = await manager.find(entity, {
      where: { ...where, id: MoreThan(after) } as FindOptionsWhere<T>,
      order: { id: 'ASC' } as FindOptionsOrder<T>,
      take: PAGE,
    });
    yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

function listOf<T extends Row>(
  name: string,
  entity: EntityTarget<T>,
  whose: (ownerId: number) => FindOptionsWhere<T>,
  show: (row: T) => unknown,
): ExportList {
  return {
    name,
    async *pages(manager, ownerId) {
      for await (const rows of pagesOf(manager, entity, whose(ownerId))) yield rows.map(show);
    },
  };
}

const owned = (ownerId: number) => ({ ownerId });
const ofUser = (userId: number) => ({ userId });

/** Exports are made of what one has, and are no part of it. */
export const filesOf = (ownerId: number) => ({ ownerId, kind: Not('export' as const) });

/** Where an archive has a file; recordings and what was spoken are apart from what was uploaded. */
export function placeOf({ id, kind, name }: StoredFile): string {
  return entryName(kind === 'recording' || kind === 'clip' ? 'audio' : 'files', id, name);
}

const loginOf = ({ id, createdAt, expiresAt, rotatedAt, revokedAt, userAgent }: Session) => ({
  ...{ id, createdAt, expiresAt, rotatedAt, revokedAt, userAgent },
});

const clipOf = ({ id, messageId, part, voice, format, fileId, durationMs, createdAt }: SpeechClip) => ({
  ...{ id, messageId, part, voice, format, fileId, duration: durationMs / 1_000, createdAt },
});

/** Not by ids: a day is one row, and there are not many. */
const usage: ExportList = {
  name: 'usage',
  async *pages(manager, userId) {
    const days = await manager.find(UsageDay, { where: { userId }, order: { day: 'ASC' } });
    yield days.map((row) => UsageDayDto.from(row));
  },
};

/** Everything but the account itself, conversations, and the bytes of files. */
export const EXPORT_LISTS: ExportList[] = [
  listOf('chatbots', Chatbot, owned, (row) => ({ ...ChatbotDto.from(row), deletedAt: row.deletedAt })),
  listOf('topics', Topic, owned, (row) => TopicDto.from(row)),
  listOf('prompts', Prompt, owned, (row) => PromptDto.from(row)),
  listOf('files', StoredFile, filesOf, (row) => ({ ...FileDto.from(row), entry: placeOf(row) })),
  listOf('transcriptions', Transcription, owned, (row) => ({
    ...TranscriptionDto.from(row),
    prompt: row.prompt,
  })),
  listOf('voice-messages', VoiceTurn, owned, (row) => VoiceTurnDto.from(row)),
  listOf('clips', SpeechClip, owned, clipOf),
  listOf('reviews', Review, owned, (row) => ReviewDto.from(row)),
  listOf('suggestions', Suggestion, owned, ({ id, messageId, items, createdAt }) => ({
    ...{ id, messageId, createdAt, items: items === null ? [] : (JSON.parse(items) as string[]) },
  })),
  listOf('sessions', Session, ofUser, loginOf),
  listOf('api-keys', ApiKey, ofUser, (row) => ApiKeyDto.from(row)),
  listOf('security-events', AuditEvent, ofUser, (row) => SecurityEventDto.from(row)),
  usage,
];
