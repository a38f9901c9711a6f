import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { AppError } from './errors.js';
import { fieldMessage } from './validation.js';

/** An id in a path: a whole number from 1 to 2^53-1. */
@Injectable()
export class IdPipe implements PipeTransform<string, number> {
  transform(value: string, metadata: ArgumentMetadata): number {
    const id = /^[1-9]\d{0,15}$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(id)) return id;
    throw new AppError('invalid_input', {
      errors: [{ field: metadata.data ?? 'id', message: fieldMessage('isId') }],
    });
  }
}
