import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { buffer } from 'node:stream/consumers';
import { In, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { MessageFile } from '../conversations/message-file.entity.js';
import { FilesService } from '../files/files.service.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { SpeechClip, WHOLE_MESSAGE } from './speech-clip.entity.js';

/** Ids in one query. */
const BATCH = 500;

/** The sounds that are there of messages: how users said them, and how they were spoken. Nothing is made. */
@Injectable()
export class KeptSoundsService {
  constructor(
    @InjectRepository(MessageFile) private readonly links: Repository<MessageFile>,
    @InjectRepository(SpeechClip) private readonly clips: Repository<SpeechClip>,
    private readonly files: FilesService,
  ) {}

  /**
   * The bytes of recordings, and of whole messages that were spoken as MP3.
   * @param messageIds the most wanted first
   * @param maxBytes of all together: what goes beyond, and whatever is wanted less, is left out
   */
  async of(ownerId: number, messageIds: number[], maxBytes: number): Promise<Map<number, Buffer>> {
    const sounds = new Map<number, Buffer>();
    let left = maxBytes;
    for (let at = 0; at < messageIds.length && left > 0; at += BATCH) {
      const ids = messageIds.slice(at, at + BATCH);
      const files = await this.filesOf(ownerId, ids);
      for (const id of ids) {
        const file = files.get(id);
        if (!file) continue;
        left -= file.size;
        if (left < 0) break;
        const sound = await this.read(file);
        if (sound) sounds.set(id, sound);
      }
    }
    return sounds;
  }

  private async filesOf(ownerId: number, ids: number[]): Promise<Map<number, StoredFile>> {
    const [links, clips] = await Promise.all([
      this.links.find({
        where: { messageId: In(ids), file: { ownerId, kind: 'recording' } },
        relations: { file: true },
      }),
      this.clips.find({
        where: { messageId: In(ids), ownerId, part: WHOLE_MESSAGE, format: 'mp3' },
        relations: { file: true },
        order: { id: 'ASC' },
      }),
    ]);
    return new Map([...links, ...clips].map(({ messageId, file }) => [messageId, file!]));
  }

  private async read(file: StoredFile): Promise<Buffer | undefined> {
    try {
      return await buffer(await this.files.open(file));
    } catch (error) {
      // Deleted in between, or lost.
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }
}
