import { Injectable, type PipeTransform } from '@nestjs/common';
import { toId } from '../trusted-callers.service.js';

/** No object has this id. */
const NOBODYS = 0;

/** The id that a client has in mind. The older backend's were any text: what is none of ours is not there. */
export function referenceOf(value: unknown): number {
  return toId(typeof value === 'string' ? value.trim() : value) ?? NOBODYS;
}

/** An id in a path. */
@Injectable()
export class ReferencePipe implements PipeTransform<string, number> {
  transform(value: string): number {
    return referenceOf(value);
  }
}
