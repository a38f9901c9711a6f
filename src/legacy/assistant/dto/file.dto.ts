import type { FileDto } from '../../../files/dto/file.dto.js';
import { LegacyInput, LegacyText } from '../../legacy-input.js';

/** What an upload says beside its files. */
export class AssistantUploadDto extends LegacyInput {
  /**
   * Whose they are; the user who has logged in.
   * @example 'xiaoming'
   */
  @LegacyText(200)
  username?: string;
}

export class AssistantFilesDto {
  /**
   * One for each file that was sent, in their order.
   * @example ['17']
   */
  file_ids!: string[];

  static from(files: Pick<FileDto, 'id'>[]): AssistantFilesDto {
    return { file_ids: files.map(({ id }) => String(id)) };
  }
}
