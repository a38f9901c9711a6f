import { IsIn } from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { Optional } from '../../common/validation.js';
import { FILE_KINDS, type FileKind } from '../stored-file.entity.js';

/** How a list of files is asked for. */
export class FilesQueryDto extends PageQueryDto {
  /** Which kind of files; absent for pictures and documents. */
  @Optional()
  @IsIn(FILE_KINDS)
  kind?: FileKind;
}
