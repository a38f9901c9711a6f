import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { fileTypeFromBuffer } from 'file-type';
import type { EntityManager } from 'typeorm';
import { audioMeter } from '../../libs/audio/audio-meter.js';
import type { ForeignValue } from '../database/foreign-database.js';
import { insertRow } from '../database/statements.js';
import { FilesService, type ReceivedBlob } from '../files/files.service.js';
import { SpeechClip, WHOLE_MESSAGE } from '../speech/speech-clip.entity.js';

const MAX_BYTES = 64 * 1024 * 1024;
/** Who speaks in clips that were made elsewhere. */
export const IMPORTED_VOICE = 'imported';

const DATA_URL = /^data:[^,]{0,200},/;
/** What Python writes of bytes. */
const PYTHON_BYTES = /^b'(.*)'$|^b"(.*)"$/s;
const BASE64 = /^[A-Za-z\d+/_-]+={0,2}$/;

const CONTAINERS = ['application/ogg', 'application/vnd.ms-asf', 'application/mxf'];
const FORMATS: Record<string, SpeechClip['format']> = {
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/ogg': 'opus',
};

/** A sound whose bytes are in the storage, and nobody's yet. */
export interface OldVoice {
  blob: ReceivedBlob;
  mediaType: string;
  /** Of what can be played as a clip. */
  clip: { format: SpeechClip['format']; durationMs: number } | undefined;
}

/** Brings over sounds: recordings of what was said, and answers that were spoken. */
@Injectable()
export class OldVoices {
  constructor(private readonly files: FilesService) {}

  /**
   * Puts a sound into the storage. One that is not kept goes by itself.
   * @returns undefined where it is no sound
   * @throws StorageUnavailableError
   */
  async receive(value: ForeignValue): Promise<OldVoice | undefined> {
    const bytes = soundOf(value);
    const mediaType = bytes.length > 0 && bytes.length <= MAX_BYTES ? await mediaTypeOf(bytes) : undefined;
    if (mediaType === undefined) return undefined;
    const blob = await this.files.receive(Readable.from([bytes]), MAX_BYTES);
    return { blob, mediaType, clip: clipOf(bytes, mediaType) };
  }

  /** In the caller's transaction: a recording that goes with a conversation; returns its file's id. */
  async keepRecording(
    manager: EntityManager,
    { ownerId, conversationId }: { ownerId: number; conversationId: number },
    { blob, mediaType }: OldVoice,
    name: string,
  ): Promise<number> {
    const file = { kind: 'recording' as const, name, mediaType, conversationId };
    return (await this.files.keep(manager, ownerId, blob, file)).id;
  }

  /** In the caller's transaction: the clip of a whole message. */
  async keepClip(
    manager: EntityManager,
    { ownerId, conversationId, messageId }: { ownerId: number; conversationId: number; messageId: number },
    { blob, mediaType, clip }: OldVoice,
  ): Promise<void> {
    const { format, durationMs } = clip!;
    const name = `message-${messageId}.${format}`;
    const file = { kind: 'clip' as const, name, mediaType, conversationId };
    const { id: fileId } = await this.files.keep(manager, ownerId, blob, file);
    const row = Object.assign(new SpeechClip(), {
      ...{ ownerId, messageId, part: WHOLE_MESSAGE, voice: IMPORTED_VOICE, format },
      ...{ fileId, durationMs, createdAt: new Date() },
    });
    await insertRow(manager, SpeechClip, row);
  }

  drop({ blob }: OldVoice): Promise<void> {
    return this.files.drop(blob);
  }
}

/** The bytes of a sound, which may stand there as they are or as base64, in several ways. */
export function soundOf(value: ForeignValue): Buffer {
  if (value === null || typeof value === 'number') return Buffer.alloc(0);
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8');
  const start = bytes.toString('latin1', 0, 256);
  const isText = /^[\x20-\x7e\r\n]*$/.test(start);
  if (!isText) return bytes;
  const python = PYTHON_BYTES.exec(bytes.toString('latin1').trim());
  const text = python ? (python[1] ?? python[2] ?? '') : bytes.toString('latin1');
  const base64 = text.replace(DATA_URL, '').replace(/\s+/g, '');
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : bytes;
}

/** As the bytes say; undefined of what is surely no sound. */
async function mediaTypeOf(bytes: Buffer): Promise<string | undefined> {
  const mime = (await fileTypeFromBuffer(bytes.subarray(0, 4_100)))?.mime.split(';')[0];
  if (mime === undefined) return undefined;
  return /^(audio|video)\//.test(mime) || CONTAINERS.includes(mime) ? mime : undefined;
}

function clipOf(bytes: Buffer, mediaType: string): OldVoice['clip'] {
  const format = FORMATS[mediaType];
  if (format === undefined) return undefined;
  const meter = audioMeter(format);
  meter.take(bytes);
  const durationMs = meter.end();
  return durationMs === undefined ? undefined : { format, durationMs };
}
