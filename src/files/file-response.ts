import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { AppError } from '../common/errors.js';
import { requestedRange } from './byte-range.js';
import type { FilesService } from './files.service.js';
import { PICTURES } from './media-types.js';
import type { StoredFile } from './stored-file.entity.js';

const YEAR_SECONDS = 31_536_000;

const BYTES = { content: { '*/*': { schema: { type: 'string' as const, format: 'binary' } } } };

/** Describes a route that answers with a file. */
export const ApiFileContent = () =>
  applyDecorators(
    ApiHeader({
      name: 'Range',
      required: false,
      description: 'One range of bytes, such as `bytes=0-1023`; several are answered with the whole file.',
    }),
    ApiOkResponse({
      description:
        'The bytes, under their media type. They never change: `ETag` is their SHA-256, and `If-None-Match` is ' +
        'answered with 304. HEAD works too.',
      ...BYTES,
    }),
    ApiResponse({ status: 206, description: 'The range that was asked for; see `Content-Range`.', ...BYTES }),
    ApiResponse({ status: 304, description: 'The client has it: `If-None-Match` names its `ETag`.' }),
  );

/**
 * Answers with a file's bytes, as the request asks for them: all of them, one range, or, where the client has them,
 * none. A client that goes away ends the reading. What a user has stored runs nothing in a browser: it is of the media
 * type that is kept of it and no other, in a sandbox, and shown only where it is sound or a picture.
 * @throws AppError range_not_satisfiable, not_found; StorageUnavailableError
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: StoredFile,
  files: FilesService,
): Promise<void> {
  const { size } = file;
  const etag = `"${file.sha256}"`;
  if (isKnown(request.headers['if-none-match'], etag)) {
    await reply.status(304).headers(headersOf(file, etag)).send();
    return;
  }
  if (request.method === 'HEAD') {
    await reply.headers(headersOf(file, etag)).header('Content-Length', size).send(Readable.from([]));
    return;
  }
  const range = mayBePart(request, etag) ? requestedRange(request.headers.range, size) : undefined;
  if (range === null) {
    reply.header('Content-Range', `bytes */${size}`);
    throw new AppError('range_not_satisfiable');
  }
  const bytes = await files.open(file, range);
  reply.headers(headersOf(file, etag));
  if (range) reply.status(206).header('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
  await reply.header('Content-Length', range ? range.end - range.start + 1 : size).send(bytes);
}

/** Somebody else who logs in at the same browser must not find it in the cache: that asks again by its ETag. */
function headersOf({ kind, name, mediaType }: StoredFile, etag: string): Record<string, string> {
  return {
    'Content-Type': mediaType,
    ETag: etag,
    'Accept-Ranges': 'bytes',
    // An archive of all that somebody has is not to be left lying about.
    'Cache-Control': kind === 'export' ? 'no-store' : `private, max-age=${YEAR_SECONDS}, immutable`,
    Vary: 'Origin, Authorization, Cookie',
    'Content-Disposition': dispositionOf(name, isShown(mediaType)),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
  };
}

function isShown(mediaType: string): boolean {
  return mediaType.startsWith('audio/') || PICTURES.includes(mediaType);
}

/** After RFC 6266: a name in ASCII for old clients, and the real one. */
function dispositionOf(name: string, inline: boolean): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
  const real = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `${inline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${real}`;
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

/** A part is of use to whoever has the other parts of the same bytes. */
function mayBePart({ headers }: FastifyRequest, etag: string): boolean {
  const condition = headers['if-range'];
  return condition === undefined || condition === etag;
}
