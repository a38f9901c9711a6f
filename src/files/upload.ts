import multipart, { type Multipart, type MultipartFile, type MultipartValue } from '@fastify/multipart';
import { applyDecorators, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiProperty } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../common/errors.js';
import { InputPipe } from '../common/input.pipe.js';
import { sendProblem } from '../common/problem.filter.js';
import { fieldMessage } from '../common/validation.js';
import { StorageUnavailableError } from './file-storage.js';
import type { FilesService, ReceivedBlob } from './files.service.js';

/** The one part of a form that is a file. */
const FILE = 'file';

/** What a form has beside its file is short. */
const LIMITS = {
  files: 1,
  fields: 20,
  fieldSize: 65_536,
  headerPairs: 20,
  fileSize: Number.MAX_SAFE_INTEGER,
};
const FORM_BYTES = 2 * 1024 * 1024;

/** How long a body is read on that nobody wants: its sender gets the answer, and the connection can serve again. */
const DISCARD_MS = 5_000;

const AS_FORM = 'multipart/form-data';
const AS_JSON = 'application/json';

/** Whether a route takes a form, or a form as well as JSON; what has neither takes no form. */
interface UploadConfig {
  upload?: 'form' | 'form or JSON';
}

export interface UploadRules<T> {
  /** What the text fields are: values come as text, as those of a query do; empty ones count as absent. */
  fields: Type<T>;
  maxBytes: number;
  /** The fields may name something in the file's place. Such a route may take JSON as well. */
  isFileOptional?: boolean;
}

/** A file that was received and is nobody's yet: to be kept, or dropped. */
export interface UploadedFile {
  blob: ReceivedBlob;
  /** As its sender calls it; not cleaned. */
  name: string;
}

export interface Upload<T, F = UploadedFile> {
  fields: T;
  file: F;
}

/** Makes the application take forms on the routes that are marked by `ApiUpload`, and nowhere else. */
export async function acceptUploads(fastify: FastifyInstance): Promise<void> {
  await fastify.register(multipart, { limits: LIMITS, throwFileSizeLimit: false });
  fastify.addHook('preParsing', (request, reply, _payload, done) => {
    if (isFitting(request)) done();
    else sendProblem(request, reply, new AppError('unsupported_media_type'));
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (isForm(request)) discardRest(request);
    done();
  });
}

/** Marks and describes a route that takes a file, as the part `file` of a form, with the fields of `Fields`. */
export function ApiUpload(Fields: Type, description: string, isFileOptional = false): MethodDecorator {
  const Form = { [`${Fields.name}Form`]: class extends Fields {} }[`${Fields.name}Form`]!;
  const required = !isFileOptional;
  ApiProperty({ type: 'string', format: 'binary', description, required })(Form.prototype as object, FILE);
  return applyDecorators(
    RouteConfig({ upload: isFileOptional ? 'form or JSON' : 'form' } satisfies UploadConfig),
    ApiConsumes(AS_FORM, ...(isFileOptional ? [AS_JSON] : [])),
    ApiBody({ type: Form }),
  );
}

/**
 * Reads a form with one file, in whatever order its parts come: the file goes to the storage as it comes, and memory
 * does not grow with it. Where this throws nothing is left of it.
 * @throws AppError file_too_large, file_empty, invalid_input (also without a file), malformed_request (also where the
 *   client is gone); StorageUnavailableError
 */
export async function readUpload<T extends object>(
  request: FastifyRequest,
  files: FilesService,
  rules: UploadRules<T> & { isFileOptional: true },
): Promise<Upload<T, UploadedFile | null>>;
export async function readUpload<T extends object>(
  request: FastifyRequest,
  files: FilesService,
  rules: UploadRules<T>,
): Promise<Upload<T>>;
export async function readUpload<T extends object>(
  request: FastifyRequest,
  files: FilesService,
  { fields: Fields, maxBytes, isFileOptional = false }: UploadRules<T>,
): Promise<Upload<T, UploadedFile | null>> {
  if (!isForm(request)) {
    if (!isFileOptional) throw invalid(FILE, 'isRequiredHere');
    return { fields: await checked(request.body, Fields), file: null };
  }
  if (Number(request.headers['content-length']) > maxBytes + FORM_BYTES) throw tooLarge(maxBytes);
  const texts: Record<string, unknown> = {};
  let file: UploadedFile | null = null;
  try {
    for await (const part of partsOf(request)) {
      if (part.type === 'file') file = await receive(part, files, maxBytes);
      else add(part, texts);
    }
    const fields = await checked(texts, Fields);
    if (!file && !isFileOptional) throw invalid(FILE, 'isRequiredHere');
    return { fields, file };
  } catch (error) {
    if (file) await files.drop(file.blob);
    throw error;
  }
}

/** Whatever the parser cannot read is the sender's mistake, and so is his going away. */
async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  const parts = request.parts();
  for (;;) {
    const next = await parts.next().catch((error: unknown) => {
      const { code } = error as { code?: string };
      throw code === 'FST_FILES_LIMIT' ? invalid(FILE, 'isOneFile') : unreadable(error);
    });
    if (next.done) return;
    yield next.value;
  }
}

async function receive(part: MultipartFile, files: FilesService, maxBytes: number): Promise<UploadedFile> {
  if (part.fieldname !== FILE) throw invalid(part.fieldname, 'whitelistValidation');
  const breaks = new Set<unknown>();
  part.file.on('error', (error) => breaks.add(error));
  try {
    return { blob: await files.receive(part.file, maxBytes), name: part.filename ?? '' };
  } catch (error) {
    // Our own refusals break the part too.
    const isOurs = error instanceof AppError || error instanceof StorageUnavailableError;
    const isBroken = breaks.has(error) || (error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (isOurs || !isBroken) throw error;
    throw unreadable(error);
  }
}

function add({ fieldname, value, valueTruncated }: MultipartValue, texts: Record<string, unknown>): void {
  if (fieldname === FILE) throw invalid(FILE, 'isFile');
  if (valueTruncated) throw invalid(fieldname, 'isTooLong');
  if (value === '') return;
  const before = texts[fieldname];
  texts[fieldname] = before === undefined ? value : [before, value].flat();
}

async function checked<T extends object>(given: unknown, Fields: Type<T>): Promise<T> {
  return (await new InputPipe().transform(given, { type: 'body', metatype: Fields })) as T;
}

function isForm({ headers }: FastifyRequest): boolean {
  return mediaTypeOf(headers['content-type']) === AS_FORM;
}

function isFitting({ headers, routeOptions, is404 }: FastifyRequest): boolean {
  const type = mediaTypeOf(headers['content-type']);
  const { upload } = routeOptions.config as UploadConfig;
  if (is404 || type === undefined) return true;
  return upload === 'form' ? type === AS_FORM : upload !== undefined || type !== AS_FORM;
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}

/** Read and forgotten; a connection that goes on sending is closed. */
function discardRest({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  raw.unpipe();
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), DISCARD_MS).unref();
  raw.once('close', () => clearTimeout(timer));
}

function invalid(field: string | undefined, rule: string): AppError {
  const name = field?.slice(0, 100) || 'body';
  return new AppError('invalid_input', { errors: [{ field: name, message: fieldMessage(rule) }] });
}

function unreadable(cause: unknown): AppError {
  return new AppError('malformed_request', { cause });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('file_too_large', { params: { maxBytes } });
}
