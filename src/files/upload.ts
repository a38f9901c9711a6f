import multipart from '@fastify/multipart';
import { applyDecorators, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../common/errors.js';
import { sendProblem } from '../common/problem.filter.js';
import type { FilesService } from './files.service.js';
import { checkFields, type FormRules, invalidField, readForm, type UploadedFile } from './upload-form.js';

/** The one part of a form that is a file, and what it is called where there may be several. */
const FILE = 'file';
const FILES = 'files';

/** What a form has beside its files is short. */
const LIMITS = {
  files: 1,
  fields: 20,
  fieldSize: 65_536,
  headerPairs: 20,
  fileSize: Number.MAX_SAFE_INTEGER,
};

/** How long a body is read on that nobody wants: its sender gets the answer, and the connection can serve again. */
const DISCARD_MS = 5_000;

const AS_FORM = 'multipart/form-data';
const AS_JSON = 'application/json';

const BINARY = { type: 'string', format: 'binary' } as const;

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

export type { UploadedFile } from './upload-form.js';

export interface Upload<T, F = UploadedFile> {
  fields: T;
  file: F;
}

/** A form that has files and nothing else. */
class NoFields {}

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
  const property = { ...BINARY, description, required: !isFileOptional };
  return applyDecorators(
    RouteConfig({ upload: isFileOptional ? 'form or JSON' : 'form' } satisfies UploadConfig),
    ApiConsumes(AS_FORM, ...(isFileOptional ? [AS_JSON] : [])),
    ApiBody({ type: formOf(Fields.name, Fields, FILE, property) }),
  );
}

/** Marks and describes a route that takes files, as the parts `files` of a form, and the fields of `Fields`, if any. */
export function ApiUploads(name: string, description: string, Fields: Type = NoFields): MethodDecorator {
  const property = { type: 'array', items: BINARY, description, required: true } as const;
  return applyDecorators(
    RouteConfig({ upload: 'form' } satisfies UploadConfig),
    ApiConsumes(AS_FORM),
    ApiBody({ type: formOf(name, Fields, FILES, property) }),
  );
}

function formOf(name: string, Fields: Type, part: string, property: ApiPropertyOptions): Type {
  const Form = { [`${name}Form`]: class extends Fields {} }[`${name}Form`]!;
  ApiProperty(property)(Form.prototype as object, part);
  return Form;
}

/**
 * Reads a form with one file; see `readForm`.
 * @throws AppError and StorageUnavailableError as there; invalid_input also without a file
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
  store: FilesService,
  { fields: Fields, maxBytes, isFileOptional = false }: UploadRules<T>,
): Promise<Upload<T, UploadedFile | null>> {
  if (!isForm(request)) {
    if (!isFileOptional) throw invalidField(FILE, 'isRequiredHere');
    return { fields: await checkFields(request.body, Fields), file: null };
  }
  const { fields, files } = await readForm(request, store, {
    ...{ fields: Fields, part: FILE, maxFiles: 1, maxBytes },
  });
  const [file = null] = files;
  if (!file && !isFileOptional) throw invalidField(FILE, 'isRequiredHere');
  return { fields, file };
}

export interface UploadsRules {
  maxFiles: number;
  /** Of each file. */
  maxBytes: number;
  /** What the text fields are, and who is told of them as they come; without it there are none. */
  texts?: Pick<FormRules<object>, 'fields' | 'onField'>;
}

/**
 * Reads a form with one file or several; see `readForm`.
 * @throws AppError and StorageUnavailableError as there; invalid_input also without a file, or with too many
 */
export async function readUploads(
  request: FastifyRequest,
  store: FilesService,
  { maxFiles, maxBytes, texts = { fields: NoFields } }: UploadsRules,
): Promise<UploadedFile[]> {
  if (!isForm(request)) throw invalidField(FILES, 'isRequiredHere');
  const { files } = await readForm(request, store, { ...texts, part: FILES, maxFiles, maxBytes });
  if (files.length === 0) throw invalidField(FILES, 'isRequiredHere');
  return files;
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
