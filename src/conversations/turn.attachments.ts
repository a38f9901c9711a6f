import { Injectable } from '@nestjs/common';
import type { Chatbot } from '../chatbots/chatbot.entity.js';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { FilesService } from '../files/files.service.js';
import { ReadingsService } from '../files/readings.service.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { LanguageModels } from '../llm/language-models.js';

/** Seconds after which a file that is being read is worth another look. */
const READ_SOON = 2;

/** Files that a message names. */
export interface CarriedFiles {
  fileIds?: number[] | undefined;
  recordingId?: number | undefined;
}

/** Checks what a user attaches to a message. */
@Injectable()
export class TurnAttachments {
  constructor(
    private readonly files: FilesService,
    private readonly readings: ReadingsService,
    private readonly models: LanguageModels,
  ) {}

  /** Gives files that are being read a time for it. @param seconds at most so long; absent: none */
  async ready(ownerId: number, fileIds: number[] = [], seconds = 0): Promise<void> {
    if (seconds > 0) await this.readings.settled(ownerId, fileIds, seconds * 1_000);
  }

  /**
   * The files, in their order: pictures and documents that were read.
   * @throws AppError not_found, invalid_input, file_not_ready, file_not_usable
   */
  async find(ownerId: number, fileIds: number[]): Promise<StoredFile[]> {
    const files = await Promise.all(fileIds.map((id) => this.files.findOwned(ownerId, id)));
    for (const file of files) assertReadable(file);
    return files;
  }

  /**
   * The files that a recorded message carries, whether they were read by now or not: pictures and documents, and the
   * recording in which it was said behind them.
   * @throws AppError not_found, invalid_input
   */
  async carried(ownerId: number, { fileIds = [], recordingId }: CarriedFiles): Promise<StoredFile[]> {
    const files = await Promise.all(fileIds.map((id) => this.files.findOwned(ownerId, id)));
    for (const { kind } of files) assertKind(kind === 'picture' || kind === 'document');
    if (recordingId === undefined) return files;
    const recording = await this.files.findOwned(ownerId, recordingId);
    assertKind(recording.kind === 'recording');
    return [...files, recording];
  }

  /** What a model cannot see is not sent to it. @throws AppError model_cannot_see */
  assertVisible(chatbot: Chatbot | null, files: StoredFile[] = []): void {
    if (!files.some(({ kind }) => kind === 'picture')) return;
    if (!this.models.takesImages(chatbot?.provider, chatbot?.model)) throw new AppError('model_cannot_see');
  }
}

function assertKind(isTaken: boolean): void {
  if (isTaken) return;
  throw new AppError('invalid_input', {
    errors: [{ field: 'fileIds', message: fieldMessage('isPictureOrDocument') }],
  });
}

function assertReadable({ id: fileId, kind, extraction }: StoredFile): void {
  assertKind(kind === 'picture' || kind === 'document');
  if (extraction === 'done') return;
  if (extraction === 'failed') throw new AppError('file_not_usable', { extensions: { fileId } });
  throw new AppError('file_not_ready', { retryAfter: READ_SOON, extensions: { fileId } });
}
