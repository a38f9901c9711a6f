import type { Multipart, MultipartFile, MultipartValue } from '@fastify/multipart';
import type { Type } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/errors.js';
import { InputPipe } from '../common/input.pipe.js';
import { fieldMessage } from '../common/validation.js';
import { StorageUnavailableError } from './file-storage.js';
import type { FilesService, ReceivedBlob } from './files.service.js';

/** What a form has beside its files is short. */
const FORM_BYTES = 2 * 1024 * 1024;

export interface FormRules<T> {
  /** What the text fields are: values come as text, as those of a query do; empty ones count as absent. */
  fields: Type<T>;
  /** What the parts are called that are files. */
  part: string;
  maxFiles: number;
  /** Of each file. */
  maxBytes: number;
  /** Told of the text fields so far whenever one has come: where it throws, nothing more is received. */
  onField?: (texts: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** A file that was received and is nobody's yet: to be kept, or dropped. */
export interface UploadedFile {
  blob: ReceivedBlob;
  /** As its sender calls it; not cleaned. */
  name: string;
}

export interface Form<T> {
  fields: T;
  /** In the form's order. */
  files: UploadedFile[];
}

/**
 * Reads a form, in whatever order its parts come: files go to the storage as they come, and memory does not grow with
 * them. Where this throws nothing is left of them.
 * @throws AppError file_too_large, file_empty, invalid_input, malformed_request (also where the client is gone);
 *   StorageUnavailableError
 */
export async function readForm<T extends object>(
  request: FastifyRequest,
  store: FilesService,
  rules: FormRules<T>,
): Promise<Form<T>> {
  const { fields: Fields, part: name, maxFiles, maxBytes, onField } = rules;
  if (Number(request.headers['content-length']) > maxFiles * maxBytes + FORM_BYTES)
    throw new AppError('file_too_large', { params: { maxBytes } });
  const texts: Record<string, unknown> = {};
  const files: UploadedFile[] = [];
  try {
    for await (const part of partsOf(request, rules)) {
      if (part.type === 'file') {
        files.push(await receive(part, store, name, maxBytes));
        continue;
      }
      add(part, texts, name);
      await onField?.(texts);
    }
    return { fields: await checkFields(texts, Fields), files };
  } catch (error) {
    await Promise.all(files.map(({ blob }) => store.drop(blob)));
    throw error;
  }
}

/** @throws AppError invalid_input */
export async function checkFields<T extends object>(given: unknown, Fields: Type<T>): Promise<T> {
  return (await new InputPipe().transform(given, { type: 'body', metatype: Fields })) as T;
}

/** A field that is refused. */
export function invalidField(field: string | undefined, rule: string, args: unknown[] = []): AppError {
  const name = field?.slice(0, 100) || 'body';
  return new AppError('invalid_input', { errors: [{ field: name, message: fieldMessage(rule, args) }] });
}

/** Whatever the parser cannot read is the sender's mistake, and so is his going away. */
async function* partsOf(
  request: FastifyRequest,
  { part, maxFiles }: FormRules<object>,
): AsyncGenerator<Multipart> {
  const parts = request.parts({ limits: { files: maxFiles } });
  for (;;) {
    const next = await parts.next().catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'FST_FILES_LIMIT') throw unreadable(error);
      throw maxFiles === 1 ? invalidField(part, 'isOneFile') : invalidField(part, 'arrayMaxSize', [maxFiles]);
    });
    if (next.done) return;
    yield next.value;
  }
}

async function receive(
  part: MultipartFile,
  store: FilesService,
  name: string,
  maxBytes: number,
): Promise<UploadedFile> {
  if (part.fieldname !== name) throw invalidField(part.fieldname, 'whitelistValidation');
  const breaks = new Set<unknown>();
  part.file.on('error', (error) => breaks.add(error));
  try {
    return { blob: await store.receive(part.file, maxBytes), name: part.filename ?? '' };
  } catch (error) {
    // Our own refusals break the part too.
    const isOurs = error instanceof AppError || error instanceof StorageUnavailableError;
    const isBroken = breaks.has(error) || (error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (isOurs || !isBroken) throw error;
    throw unreadable(error);
  }
}

function add(
  { fieldname, value, valueTruncated }: MultipartValue,
  texts: Record<string, unknown>,
  name: string,
): void {
  if (fieldname === name) throw invalidField(name, 'isFile');
  if (valueTruncated) throw invalidField(fieldname, 'isTooLong');
  if (value === '') return;
  const before = texts[fieldname];
  texts[fieldname] = before === undefined ? value : [before, value].flat();
}

function unreadable(cause: unknown): AppError {
  return new AppError('malformed_request', { cause });
}
