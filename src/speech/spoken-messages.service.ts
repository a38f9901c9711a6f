import { Injectable, Logger } from '@nestjs/common';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../common/errors.js';
import { isFinal, type Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import { FilesService } from '../files/files.service.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { type ClipPart, ClipsService } from './clips.service.js';
import type { SpeechQueryDto } from './dto/speech-query.dto.js';
import { completeSentencesOf, sentencesOf } from './sentences.js';
import { WHOLE_MESSAGE } from './speech-clip.entity.js';
import { speechProblem } from './speech-problem.js';
import { SpeechError } from './synthesizer.js';

/** Code points of one clip: twenty minutes. What is longer can be heard sentence by sentence. */
const MAX_SPOKEN = 20_000;

/** Why a message is not heard; it can be read all the same. */
const SILENT = new Set<string>([
  ...['nothing_to_speak', 'too_long_to_speak', 'voice_not_set_up', 'speech_refused', 'speech_unavailable'],
]);

/** Messages, as their owners hear them. */
@Injectable()
export class SpokenMessagesService {
  private readonly logger = new Logger('SpokenMessagesService');

  constructor(
    private readonly messages: MessagesService,
    private readonly clips: ClipsService,
    private readonly files: FilesService,
  ) {}

  /**
   * The bytes of a whole message as MP3, made once and kept; null where no voice is to be had for it.
   * @throws AppError not_found, message_not_final, rate_limited; StorageUnavailableError
   */
  async sound(ownerId: number, id: number): Promise<Buffer | null> {
    try {
      const file = await this.whole(ownerId, id, { format: 'mp3' }, new AbortController().signal);
      return await buffer(await this.files.open(file));
    } catch (error) {
      if (error instanceof AppError && SILENT.has(error.code)) return null;
      throw error;
    }
  }

  /**
   * The sound of a whole message.
   * @throws AppError not_found, message_not_final, nothing_to_speak, too_long_to_speak, and those of `speechProblem`
   */
  async whole(ownerId: number, id: number, query: SpeechQueryDto, gone: AbortSignal): Promise<StoredFile> {
    const message = await this.messages.findOwned(ownerId, id);
    if (!isFinal(message.status)) throw new AppError('message_not_final');
    const text = sentencesOf(message.content).join('\n');
    if (text === '') throw new AppError('nothing_to_speak');
    if (text.length > MAX_SPOKEN) throw new AppError('too_long_to_speak', { params: { max: MAX_SPOKEN } });
    return this.speak(message, { index: WHOLE_MESSAGE, text }, query, gone);
  }

  /**
   * The sound of one sentence, counted from 0; of an answer that is being written, of those that are complete. What was
   * spoken already is there, even where the message's text is not yet so far.
   * @throws AppError not_found, message_not_final, and those of `speechProblem`
   */
  async sentence(
    ownerId: number,
    id: number,
    index: number,
    query: SpeechQueryDto,
    gone: AbortSignal,
  ): Promise<StoredFile> {
    const message = await this.messages.findOwned(ownerId, id);
    const { voice, format = 'mp3' } = query;
    const known = voice && (await this.clips.known(message, index + 1, { voice, format }));
    if (known) return known.file;
    const isWhole = isFinal(message.status);
    const text = (isWhole ? sentencesOf : completeSentencesOf)(message.content)[index];
    if (text === undefined) throw new AppError(isWhole ? 'not_found' : 'message_not_final');
    return this.speak(message, { index: index + 1, text }, query, gone);
  }

  private async speak(
    message: Message,
    part: ClipPart,
    { voice, format = 'mp3' }: SpeechQueryDto,
    gone: AbortSignal,
  ): Promise<StoredFile> {
    try {
      return (await this.clips.clip(message.ownerId, message, part, { voice, format }, gone)).file;
    } catch (error) {
      if (error instanceof SpeechError && error.code !== 'voice_unknown')
        this.logger.warn(`message ${message.id} is not spoken: ${error.code}`);
      throw speechProblem(error);
    }
  }
}
