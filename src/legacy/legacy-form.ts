import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/errors.js';

const MAX_FIELDS = 50;

/**
 * The text fields of a form; a part that is a file counts as text as well, as long as it is short: some clients send
 * their fields so. Names that come more than once make a list.
 * @param limit bytes of all of it together
 * @throws AppError malformed_request, payload_too_large
 */
export async function readFields(request: FastifyRequest, limit: number): Promise<Record<string, unknown>> {
  const fields: [string, string][] = [];
  const limits = { fieldSize: limit, fileSize: limit, fields: MAX_FIELDS, files: MAX_FIELDS };
  let left = limit;
  try {
    for await (const part of request.parts({ limits })) {
      const value = await textOf(part);
      left -= Buffer.byteLength(value);
      if (left < 0 || (part.type === 'field' && part.valueTruncated)) throw new AppError('payload_too_large');
      fields.push([part.fieldname, value]);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const isTooLarge = (error as { code?: string }).code === 'FST_REQ_FILE_TOO_LARGE';
    throw new AppError(isTooLarge ? 'payload_too_large' : 'malformed_request', { cause: error });
  }
  return fieldsOf(fields);
}

/** Names with their values; those that come more than once make a list. Names that objects inherit are refused later. */
export function fieldsOf(given: Iterable<[string, string]>): Record<string, unknown> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of given) {
    const before = fields.get(name);
    if (before) before.push(value);
    else fields.set(name, [value]);
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

async function textOf(part: Multipart): Promise<string> {
  if (part.type === 'file') return (await part.toBuffer()).toString('utf8');
  return typeof part.value === 'string' ? part.value : '';
}
