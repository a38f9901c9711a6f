import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { MessageFile } from '../conversations/message-file.entity.js';
import { Transcription } from '../speech/transcription.entity.js';
import type { EngineWord } from './heard-words.js';
import { estimatePronunciation, noEstimate, type PronunciationEstimate } from './pronunciation.js';

/** Transcriptions of one recording that are looked at: it may have been transcribed again. */
const MAX_TRANSCRIPTIONS = 20;

/** Where the segments of a transcription have words. */
const A_WORD = '"words":[{';

/** Segments that are longer than this are of more words than anybody looks at: they are not even read. */
const MAX_SEGMENTS_LENGTH = 1_000_000;

/** What engines made of recordings. */
@Injectable()
export class RecordedSpeech {
  constructor(@InjectRepository(Transcription) private readonly transcriptions: Repository<Transcription>) {}

  /** @throws AppError not_found */
  async find(ownerId: number, id: number): Promise<Transcription> {
    const found = await this.transcriptions.findOneBy({ id, ownerId });
    if (!found) throw new AppError('not_found');
    return found;
  }

  /** Of a message that was spoken: the newest transcription that can be gone by, otherwise the newest; null of others. */
  async ofMessage(ownerId: number, messageId: number): Promise<Transcription | null> {
    const found = await this.transcriptions
      .createQueryBuilder('t')
      .innerJoin(MessageFile, 'f', 'f.fileId = t.fileId')
      .where('f.messageId = :messageId AND t.ownerId = :ownerId', { messageId, ownerId })
      .orderBy('t.id', 'DESC')
      .take(MAX_TRANSCRIPTIONS)
      .getMany();
    const usable = found.filter(({ status, task }) => status === 'done' && task === 'transcribe');
    return usable.find(({ segments }) => segments?.includes(A_WORD)) ?? usable[0] ?? found[0] ?? null;
  }
}

/** What can be said of a recording; null: there is none. @param target what was to be said, where that is known */
export function estimateOf(
  transcription: Transcription | null,
  target: string | null,
): PronunciationEstimate {
  if (transcription === null) return noEstimate('not_spoken', target);
  const { status, task, text, engine, segments } = transcription;
  if (status !== 'done') return noEstimate('not_transcribed', target);
  if (task !== 'transcribe') return noEstimate('translated', target, engine);
  if ((segments?.length ?? 0) > MAX_SEGMENTS_LENGTH) return noEstimate('too_long', target, engine);
  return estimatePronunciation({ text: text ?? '', words: wordsOf(transcription), engine }, target);
}

/** Null where the engine was not asked for words, or gave none for what it heard. */
function wordsOf({ segments, text }: Transcription): EngineWord[] | null {
  const told = JSON.parse(segments ?? '[]') as { words?: EngineWord[] }[];
  const words = told.flatMap((segment) => segment.words ?? []);
  return words.length === 0 && (text ?? '').trim() !== '' ? null : words;
}
