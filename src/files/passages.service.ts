import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { PassageDto, type PassagePageDto } from './dto/passage.dto.js';
import { FilePassage } from './file-passage.entity.js';
import { FilesService } from './files.service.js';

/** The text of documents that have been read; of one that has not, or has none, there is nothing. */
@Injectable()
export class PassagesService {
  constructor(
    @InjectRepository(FilePassage) private readonly passages: Repository<FilePassage>,
    private readonly files: FilesService,
  ) {}

  /** A page of a file's text. @throws AppError not_found, invalid_input */
  async list(ownerId: number, fileId: number, { limit, cursor }: PageQueryDto): Promise<PassagePageDto> {
    const [behind = 0] = decodeCursor(cursor, 1) ?? [];
    const { id } = await this.files.findOwned(ownerId, fileId);
    const rows = await this.passages.find({
      where: { fileId: id, file: { ownerId, extraction: 'done' }, seq: MoreThan(behind) },
      order: { seq: 'ASC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ seq }) => [seq]);
    return { items: items.map((passage) => PassageDto.from(passage)), nextCursor };
  }
}
