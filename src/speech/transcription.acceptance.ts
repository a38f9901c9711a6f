import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { fieldMessage } from '../common/validation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { isUniqueViolation } from '../database/failures.js';
import { insertRow } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import type { UploadedFile } from '../files/upload.js';
import { TopicsService } from '../topics/topics.service.js';
import { UsageService } from '../usage/usage.service.js';
import { audioMediaType } from './audio-media-type.js';
import type { TranscribeDto } from './dto/transcribe.dto.js';
import { Transcription } from './transcription.entity.js';
import { speechPrompt } from './transcription.prompt.js';
import { QUEUED_MS } from './transcription.sweeper.js';

const KEY_LIFETIME_MS = 24 * 3_600_000;

/** A transcription that was asked for; `replayed` where it was there already, under the request's idempotency key. */
export interface AcceptedTranscription {
  transcription: Transcription;
  replayed: boolean;
}

/** Stores what belongs to a transcription, or fails with it. */
export type StoredAlong = (manager: EntityManager, transcription: Transcription) => Promise<void>;

/** A recording that was sent, or is stored already. */
interface Recording {
  upload: (UploadedFile & { mediaType: string }) | null;
  fileId: number | null;
}

/** Takes recordings in: checks what a request asks for, and stores it. Nothing is transcribed yet. */
@Injectable()
export class TranscriptionAcceptance {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>,
    private readonly files: FilesService,
    private readonly conversations: ConversationsService,
    private readonly topics: TopicsService,
    private readonly usage: UsageService,
  ) {}

  /** What this key has made already; null where it is new, or was used longer than 24 hours ago. */
  async replay(ownerId: number, { key, requestHash }: Idempotency): Promise<AcceptedTranscription | null> {
    const known = await this.byKey(ownerId, key);
    if (!known) return null;
    if (known.requestHash !== requestHash) throw new AppError('idempotency_key_reused');
    return { transcription: known, replayed: true };
  }

  /** Whether a key was used already, for whatever request. */
  async isKnown(ownerId: number, key: string): Promise<boolean> {
    return (await this.byKey(ownerId, key)) !== null;
  }

  /** Whether the user may have one more transcription. @throws AppError quota_exceeded, too_many_transcriptions */
  async admit(ownerId: number): Promise<void> {
    await inTransaction(this.dataSource, (manager) => this.admitIn(manager, ownerId));
  }

  /**
   * Stores recording and transcription, or nothing. The blob of a recording that is not stored is still there.
   * @throws AppError not_found, invalid_input, unsupported_audio, quota_exceeded, too_many_transcriptions,
   *   idempotency_key_reused
   */
  async store(
    ownerId: number,
    dto: TranscribeDto,
    file: UploadedFile | null,
    { idempotency, also }: { idempotency: Idempotency | undefined; also?: StoredAlong | undefined },
  ): Promise<AcceptedTranscription> {
    const draft = await this.draft(ownerId, dto, idempotency);
    const recording: Recording = {
      upload: file && { ...file, mediaType: await audioMediaType(file.blob.head) },
      fileId: dto.fileId ?? null,
    };
    try {
      const transcription = await inTransaction(this.dataSource, async (manager) => {
        const stored = await this.insert(manager, draft, recording);
        await also?.(manager, stored);
        return stored;
      });
      return { transcription, replayed: false };
    } catch (error) {
      if (!idempotency || !mayBeReplay(error)) throw error;
      const replay = await this.replay(ownerId, idempotency);
      if (!replay) throw error;
      return replay;
    }
  }

  private async insert(
    manager: EntityManager,
    draft: Transcription,
    { upload, fileId }: Recording,
  ): Promise<Transcription> {
    const { ownerId, conversationId } = draft;
    await this.admitIn(manager, ownerId);
    const file = upload
      ? await this.files.keep(manager, ownerId, upload.blob, {
          ...{ kind: 'recording', name: upload.name, mediaType: upload.mediaType, conversationId },
        })
      : null;
    const now = new Date();
    const row = Object.assign(new Transcription(), draft, {
      ...{ fileId: file?.id ?? fileId, createdAt: now, dueAt: new Date(now.getTime() + QUEUED_MS) },
    });
    row.id = await insertRow(manager, Transcription, row);
    return row;
  }

  /** His row of the day is locked by this: who counts what he has under way counts it once. */
  private async admitIn(manager: EntityManager, ownerId: number): Promise<void> {
    await this.usage.admitAudio(manager, ownerId);
    const { transcriptionsAtOnce } = this.usage.limits;
    if (transcriptionsAtOnce === null) return;
    const underWay = await manager.countBy(Transcription, { ownerId, status: In(['queued', 'running']) });
    if (underWay >= transcriptionsAtOnce) throw new AppError('too_many_transcriptions', { retryAfter: 2 });
  }

  /** The row to be, but for its recording. */
  private async draft(
    ownerId: number,
    dto: TranscribeDto,
    idempotency: Idempotency | undefined,
  ): Promise<Transcription> {
    const stored = dto.fileId === undefined ? null : await this.files.findOwned(ownerId, dto.fileId);
    const conversationId = dto.conversationId ?? stored?.conversationId ?? null;
    const conversation = conversationId && (await this.conversations.findOwned(ownerId, conversationId));
    const topicId = dto.topicId ?? (conversation ? conversation.topicId : null);
    const topic = topicId === null ? null : await this.topics.findOwned(ownerId, topicId);
    return Object.assign(new Transcription(), BLANK, {
      ...{ ownerId, conversationId, task: dto.task ?? 'transcribe', wantsWords: dto.words ?? false },
      ...{ language: dto.language?.split('-')[0]?.toLowerCase() ?? null },
      ...{ prompt: speechPrompt(topic, dto.prompt) },
      ...(idempotency && { idempotencyKey: idempotency.key, requestHash: idempotency.requestHash }),
    });
  }

  private async byKey(ownerId: number, idempotencyKey: string): Promise<Transcription | null> {
    const known = await this.transcriptions.findOneBy({ ownerId, idempotencyKey });
    if (!known || known.createdAt.getTime() > Date.now() - KEY_LIFETIME_MS) return known;
    await this.transcriptions.update({ id: known.id, ownerId }, { idempotencyKey: null, requestHash: null });
    return null;
  }
}

/** A request has one recording. @throws AppError invalid_input */
export function assertOneRecording({ fileId }: TranscribeDto, file: UploadedFile | null): void {
  if ((fileId === undefined) !== (file === null)) return;
  const rule = file ? 'whitelistValidation' : 'isRequiredHere';
  throw new AppError('invalid_input', {
    errors: [{ field: file ? 'fileId' : 'file', message: fieldMessage(rule) }],
  });
}

/** Of two requests with one key the second may find the quota used up by the first one. */
function mayBeReplay(error: unknown): boolean {
  const isOutOfBudget =
    error instanceof AppError && ['quota_exceeded', 'too_many_transcriptions'].includes(error.code);
  return isOutOfBudget || isUniqueViolation(error);
}

/** A new row knows nothing yet: each column is named, so that the object says what the row says. */
const BLANK: Partial<Transcription> = {
  conversationId: null,
  fileId: null,
  status: 'queued',
  attempt: 1,
  losses: 0,
  leaseOwner: null,
  dueAt: null,
  language: null,
  prompt: null,
  text: null,
  detectedLanguage: null,
  segments: null,
  durationMs: null,
  progress: 0,
  engine: null,
  errorCode: null,
  idempotencyKey: null,
  requestHash: null,
  finishedAt: null,
};
