import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';

/** A place in a path, counted from 0. */
@Injectable()
export class PlacePipe implements PipeTransform<string, number> {
  transform(value: string, metadata: ArgumentMetadata): number {
    if (/^(?:0|[1-9]\d{0,8})$/.test(value)) return Number(value);
    const field = metadata.data ?? 'index';
    throw new AppError('invalid_input', { errors: [{ field, message: fieldMessage('isPlace') }] });
  }
}
