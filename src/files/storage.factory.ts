import { S3Client } from '@aws-sdk/client-s3';
import { join } from 'node:path';
import type { Env } from '../config/env.js';
import { DiskFileStorage } from './disk.file-storage.js';
import type { FileStorage } from './file-storage.js';
import { S3FileStorage } from './s3.file-storage.js';

/** Attempts of one call: this is the only place where it is tried again. */
const ATTEMPTS = 3;
const CONNECT_MS = 3_000;
/** More than there are uploads and downloads in one process at a time. */
const SOCKETS = 1_000;

/** Where blobs are kept: in a bucket, where one is named, else on the disk. */
export function fileStorageFor(env: Env): FileStorage {
  if (env.S3_BUCKET === undefined) return new DiskFileStorage(join(env.DATA_DIR, 'files'));
  return new S3FileStorage(s3Client(env), env.S3_BUCKET, env.S3_PREFIX);
}

export function s3Client(env: Env): S3Client {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return new S3Client({
    region: env.S3_REGION,
    maxAttempts: ATTEMPTS,
    forcePathStyle: env.S3_FORCE_PATH_STYLE ?? env.S3_ENDPOINT !== undefined,
    ...(env.S3_ENDPOINT && { endpoint: env.S3_ENDPOINT }),
    // Without them the SDK looks where it usually does: its own variables, files, the machine's role.
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    // Checksums behind the body are not understood everywhere; the signature holds one of it already.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: SOCKETS, keepAlive: true },
      httpsAgent: { maxSockets: SOCKETS, keepAlive: true },
    },
  });
}
