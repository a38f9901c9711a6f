import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { assertKey, BlobNotFoundError, type ByteRange, FileStorage, isKey } from './file-storage.js';
import { inTime, onS3, withinTime } from './s3-calls.js';
import { putObject } from './s3-put.js';
import { watchedBody } from './watched-body.js';

/**
 * Blobs in a bucket of an S3-compatible object storage, under a prefix. The account needs ListBucket (without it a
 * missing blob looks like a refusal), GetObject, PutObject, DeleteObject, ListBucketMultipartUploads and
 * AbortMultipartUpload.
 */
export class S3FileStorage extends FileStorage {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {
    super();
  }

  async put(key: string, source: Readable, signal?: AbortSignal): Promise<void> {
    await putObject(this.client, this.placeOf(key), source, signal);
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const Range = range && `bytes=${range.start}-${range.end}`;
    const command = new GetObjectCommand({ ...this.placeOf(key), ...(Range && { Range }) });
    const { Body } = await onS3(
      () => withinTime((abortSignal) => this.client.send(command, { abortSignal })),
      {
        missing: () => {
          throw new BlobNotFoundError();
        },
      },
    );
    return watchedBody(Body as Readable);
  }

  async size(key: string): Promise<number | null> {
    const command = new HeadObjectCommand(this.placeOf(key));
    const found = await onS3(() => this.client.send(command, inTime()), { missing: () => null });
    return found?.ContentLength ?? null;
  }

  async delete(key: string): Promise<void> {
    const place = this.placeOf(key);
    for await (const { Key, UploadId } of this.uploads(place.Key)) {
      if (Key !== place.Key) continue;
      const abort = new AbortMultipartUploadCommand({ ...place, UploadId });
      await onS3(() => this.client.send(abort, inTime()), { missing: () => null });
    }
    await onS3(() => this.client.send(new DeleteObjectCommand(place), inTime()));
  }

  async *list(): AsyncGenerator<string> {
    for await (const key of this.objects()) yield* this.keyOf(key);
    for await (const { Key } of this.uploads(this.prefix)) yield* this.keyOf(Key);
  }

  private async *objects(): AsyncGenerator<string | undefined> {
    let from: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        ...{ Bucket: this.bucket, Prefix: this.prefix },
        ...(from && { ContinuationToken: from }),
      });
      const page: ListObjectsV2CommandOutput = await onS3(() => this.client.send(command, inTime()));
      for (const { Key } of page.Contents ?? []) yield Key;
      from = page.NextContinuationToken;
    } while (from);
  }

  /** What was begun and not ended, of keys that begin like this. */
  private async *uploads(prefix: string): AsyncGenerator<MultipartUpload> {
    let from = {};
    for (;;) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: prefix, ...from });
      const page: ListMultipartUploadsCommandOutput = await onS3(() => this.client.send(command, inTime()));
      yield* page.Uploads ?? [];
      if (!page.IsTruncated) return;
      from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }

  private placeOf(key: string): { Bucket: string; Key: string } {
    assertKey(key);
    return { Bucket: this.bucket, Key: `${this.prefix}${key}` };
  }

  /** Ours, of whatever there is under the prefix. */
  private *keyOf(name: string | undefined): Generator<string> {
    const key = name?.slice(this.prefix.length);
    if (key !== undefined && isKey(key)) yield key;
  }
}
