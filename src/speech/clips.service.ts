import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { audioMeter } from '../../libs/audio/audio-meter.js';
import type { Message } from '../conversations/message.entity.js';
import { isUniqueViolation } from '../database/failures.js';
import { insertRow } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService, type ReceivedBlob } from '../files/files.service.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { ClipLimits } from './clip-limits.js';
import { ClipMaker } from './clip-maker.js';
import { SharedWork } from './shared-work.js';
import { SpeechClip, WHOLE_MESSAGE } from './speech-clip.entity.js';
import { SpeechError, type SpeechFormat } from './synthesizer.js';
import { languageOf } from './voice-choice.js';
import { VoicesService } from './voices.service.js';

/** What of a message is spoken. */
export interface ClipPart {
  /** `WHOLE_MESSAGE`, or the place of the sentence, from 1. */
  index: number;
  /** What one would read out: the sentence, or the sentences with a line for each. */
  text: string;
  /** Of a sentence that is not certain yet: it is kept when this resolves, and given up where it rejects. */
  certain?: Promise<void>;
}

export interface ClipOptions {
  /** Where none is named, the one for the text's language. */
  voice?: string | null | undefined;
  format: SpeechFormat;
}

export interface Clip {
  clip: SpeechClip;
  file: StoredFile;
}

/** What a clip is known by: there is one of each. */
type ClipKey = Pick<SpeechClip, 'messageId' | 'part' | 'voice' | 'format'>;

/** An hour of WAV, and more than ten of MP3. */
const MAX_BYTES = 256 * 1024 * 1024;

export const MEDIA_TYPES: Record<SpeechFormat, string> = {
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  opus: 'audio/ogg',
};

/**
 * Clips of messages. One is made once for a message, part, voice and format, and replayed from then on with the same
 * bytes, whatever becomes of provider and voice: several who want it at a time get the one that is made, and of two
 * processes that make it the second one throws its own away.
 */
@Injectable()
export class ClipsService {
  private readonly logger = new Logger('ClipsService');
  private readonly making = new SharedWork<Clip>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly files: FilesService,
    private readonly maker: ClipMaker,
    private readonly voices: VoicesService,
    private readonly limits: ClipLimits,
  ) {}

  /**
   * The clip of a part of the owner's message, made where there is none. When everybody who waits for it has left, the
   * making is given up; whatever fails, nothing is left.
   * @throws SpeechError; AppError rate_limited, not_found; StorageUnavailableError; the signal's reason
   */
  async clip(
    ownerId: number,
    message: Message,
    { index, text, certain = Promise.resolve() }: ClipPart,
    { voice: asked, format }: ClipOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Clip> {
    // A voice that is gone is still heard in what it has spoken.
    const known = asked && (await this.known(message, index, { voice: asked, format }));
    if (known) return known;
    const voice = this.voices.choose(text, asked);
    const key: ClipKey = { messageId: message.id, part: index, voice, format };
    const work = async (going: AbortSignal) =>
      (await this.find(ownerId, key)) ?? this.make(message, key, { text, certain }, going);
    return this.making.join(Object.values(key).join(' '), work, signal);
  }

  /** The clip of a part that this very voice has spoken already; undefined where there is none. */
  known(
    { id: messageId, ownerId }: Message,
    part: number,
    { voice, format }: { voice: string; format: SpeechFormat },
  ): Promise<Clip | undefined> {
    return this.find(ownerId, { messageId, part, voice, format });
  }

  private async find(ownerId: number, key: ClipKey): Promise<Clip | undefined> {
    const clip = await this.dataSource.getRepository(SpeechClip).findOneBy({ ...key, ownerId });
    const file =
      clip && (await this.dataSource.getRepository(StoredFile).findOneBy({ id: clip.fileId, ownerId }));
    return file ? { clip, file } : undefined;
  }

  private async make(
    message: Message,
    key: ClipKey,
    { text, certain }: { text: string; certain: Promise<void> },
    signal: AbortSignal,
  ): Promise<Clip> {
    await this.limits.take(message.ownerId);
    const meter = audioMeter(key.format);
    const language = languageOf(text);
    const { voice, format } = key;
    const spoken = {
      sentences: text.split('\n'),
      voice,
      format,
      ...(language !== undefined && { language }),
    };
    const blob = await this.files.receive(
      Readable.from(metered(this.maker.make(spoken, signal), meter)),
      MAX_BYTES,
    );
    try {
      const durationMs = meter.end();
      if (durationMs === undefined) throw new SpeechError('speech_protocol', false);
      await certain;
      signal.throwIfAborted();
      return await this.keep(message, key, blob, durationMs);
    } catch (error) {
      await this.files.drop(blob);
      // Another process was faster: its clip is the one.
      const other = isUniqueViolation(error) && (await this.find(message.ownerId, key));
      if (other) return other;
      throw error;
    }
  }

  private keep(message: Message, key: ClipKey, blob: ReceivedBlob, durationMs: number): Promise<Clip> {
    const { ownerId, conversationId } = message;
    const name = key.part === WHOLE_MESSAGE ? `message-${message.id}` : `message-${message.id}-${key.part}`;
    return inTransaction(this.dataSource, async (manager) => {
      const file = await this.files.keep(manager, ownerId, blob, {
        ...{
          kind: 'clip',
          name: `${name}.${key.format}`,
          mediaType: MEDIA_TYPES[key.format],
          conversationId,
        },
      });
      const clip = Object.assign(new SpeechClip(), {
        ...{ ...key, ownerId, fileId: file.id, durationMs, createdAt: new Date() },
      });
      clip.id = await insertRow(manager, SpeechClip, clip);
      this.logger.debug(`clip ${clip.id}: ${durationMs} ms, ${file.size} bytes`);
      return { clip, file };
    });
  }
}

async function* metered(
  pieces: AsyncIterable<Uint8Array>,
  meter: { take(piece: Uint8Array): void },
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    meter.take(piece);
    yield piece;
  }
}
