import { Injectable } from '@nestjs/common';
import type { Chatbot } from '../chatbots/chatbot.entity.js';
import { AppError } from '../common/errors.js';
import { PicturesService } from '../files/pictures.service.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import type { LlmImage, LlmMessage } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { countTokens } from '../llm/token-counter.js';
import type { CountedMessage, SeenMessage } from './context-window.js';
import { MessageFiles } from './message-files.js';
import type { Message } from './message.entity.js';

/** Pictures of earlier turns that are shown again, the newest ones; of the others it is said that they were there. */
const SHOWN_BEFORE = 4;

/** Longest side of a picture as models are shown it, in pixels. */
const PREVIEW_SIDE = 1_568;

/** Which model is to see them. */
type Seer = Pick<Chatbot, 'provider' | 'model'> | null;

/** Shows messages with what they carry: pictures as such, documents by name. */
export interface PictureShow {
  /** A message as it is sent; to be asked for the newest first. */
  seen(message: Message): Promise<CountedMessage>;
}

/** The pictures of messages, as models see them. */
@Injectable()
export class TurnPictures {
  constructor(
    private readonly messageFiles: MessageFiles,
    private readonly previews: PicturesService,
    private readonly models: LanguageModels,
  ) {}

  /** Tokens of a message that carries these files. */
  tokens(seer: Seer, content: string, files: StoredFile[]): number {
    return this.counted(seer, 'user', content, files, Infinity).tokens;
  }

  /** The prompt's own pictures are all shown, and the newest of those before it. */
  show(seer: Seer, prompt: Message): PictureShow {
    let left = SHOWN_BEFORE;
    return {
      seen: async (message) => {
        const { role, content, contentTokens } = message;
        if (!message.hasFiles) return { role, content, tokens: contentTokens ?? countTokens(content) };
        if (!message.files) await this.messageFiles.load([message]);
        const counted = this.counted(
          seer,
          role,
          content,
          message.files!,
          message === prompt ? Infinity : left,
        );
        if (message !== prompt) left -= counted.pictures?.length ?? 0;
        return counted;
      },
    };
  }

  /**
   * The messages with the bytes of their pictures. One that was deleted meanwhile is left out.
   * @throws StorageUnavailableError
   */
  read(seer: Seer, messages: SeenMessage[]): Promise<LlmMessage[]> {
    return Promise.all(
      messages.map(async ({ role, content, pictures = [] }) => {
        const images = await Promise.all(pictures.map((picture) => this.image(seer, picture)));
        const there = images.filter((image) => image !== undefined);
        return { role, content, ...(there.length > 0 && { images: there }) };
      }),
    );
  }

  private counted(
    seer: Seer,
    role: Message['role'],
    content: string,
    files: StoredFile[],
    most: number,
  ): CountedMessage {
    const canSee = this.models.takesImages(seer?.provider, seer?.model);
    const visible = files.filter(({ kind, previewKey }) => kind === 'picture' && previewKey !== null);
    const pictures = canSee ? visible.slice(0, Math.max(0, most)) : [];
    const text = [content, ...marksOf(files, pictures)].join('\n');
    const tokens = pictures.reduce(
      (sum, picture) => sum + this.imageTokens(seer, picture),
      countTokens(text),
    );
    return { role, content: text, tokens, ...(pictures.length > 0 && { pictures }) };
  }

  private imageTokens(seer: Seer, { width, height }: StoredFile): number {
    const scale = Math.min(1, PREVIEW_SIDE / Math.max(width ?? PREVIEW_SIDE, height ?? PREVIEW_SIDE));
    const scaled = (side: number | null) => Math.max(1, Math.round((side ?? PREVIEW_SIDE) * scale));
    return this.models.imageTokens(seer?.provider, seer?.model, {
      width: scaled(width),
      height: scaled(height),
    });
  }

  private async image(seer: Seer, picture: StoredFile): Promise<LlmImage | undefined> {
    try {
      const data = await this.previews.preview(picture.ownerId, picture);
      return { mediaType: 'image/jpeg', data, tokens: this.imageTokens(seer, picture) };
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}

/** What is said of a message's files; nothing of recordings, which its text is made of. */
function marksOf(files: StoredFile[], shown: StoredFile[]): string[] {
  const names = (some: StoredFile[]) => some.map(({ name }) => name).join(', ');
  const documents = files.filter(({ kind }) => kind === 'document');
  const unseen = files.filter((file) => file.kind === 'picture' && !shown.includes(file));
  return [
    ...(documents.length > 0 ? [`[attached: ${names(documents)}]`] : []),
    ...(shown.length > 0 ? [`[pictures: ${names(shown)}]`] : []),
    ...(unseen.length > 0 ? [`[pictures, not shown any more: ${names(unseen)}]`] : []),
  ];
}
