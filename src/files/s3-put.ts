import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { inTime, onS3 } from './s3-calls.js';

/** The least that S3 takes; with 10,000 of them an object has 48 GiB at most. */
const PART_BYTES = 5 * 1024 * 1024;
/** A part has to get through in this time, or in this one with all of its attempts. */
const PART_ATTEMPT_MS = 30_000;
const PART_MS = 90_000;

interface Place {
  Bucket: string;
  Key: string;
}

interface SentPart {
  PartNumber: number;
  ETag: string | undefined;
}

/**
 * Stores a stream of unknown length: whole where it fits into one part, else part by part. What is in memory of it is one
 * part. The SDK's own `Upload` (lib-storage) holds several, and ends neither requests nor the upload where it is aborted.
 * @throws StorageUnavailableError; the source's error; the signal's reason
 */
export async function putObject(
  client: S3Client,
  place: Place,
  source: Readable,
  signal?: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const stop = () => source.destroy(signal?.reason as Error);
  // What ends the source ends the request that is under way.
  source.on('error', (error) => ended.abort(error));
  signal?.addEventListener('abort', stop);
  const upload = new PartedUpload(client, place, ended.signal);
  const failed = (error: unknown) => {
    throw ended.signal.aborted ? ended.signal.reason : error;
  };
  try {
    signal?.throwIfAborted();
    if (source.errored) throw source.errored;
    for await (const chunk of source) await upload.write(chunk as Buffer).catch(failed);
    await upload.end().catch(failed);
  } catch (error) {
    source.destroy();
    await upload.abort();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** An object on its way, a part at a time. */
class PartedUpload {
  private readonly part = Buffer.allocUnsafeSlow(PART_BYTES);
  private filled = 0;
  private uploadId: string | undefined;
  private readonly sent: SentPart[] = [];

  constructor(
    private readonly client: S3Client,
    private readonly place: Place,
    private readonly signal: AbortSignal,
  ) {}

  async write(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      // Only when more comes: the last part may be the only one.
      if (this.filled === PART_BYTES) await this.sendPart();
      const copied = chunk.copy(this.part, this.filled, from);
      this.filled += copied;
      from += copied;
    }
  }

  async end(): Promise<void> {
    if (this.uploadId === undefined) {
      const command = new PutObjectCommand({ ...this.place, Body: this.part.subarray(0, this.filled) });
      await onS3(() => this.client.send(command, this.partBounds()));
      return;
    }
    await this.sendPart();
    const command = new CompleteMultipartUploadCommand({
      ...{ ...this.place, UploadId: this.uploadId },
      MultipartUpload: { Parts: this.sent },
    });
    await onS3(() => this.client.send(command, this.partBounds()));
  }

  /** Never throws: what cannot be ended now is, when the key is deleted. */
  async abort(): Promise<void> {
    if (this.uploadId === undefined) return;
    const command = new AbortMultipartUploadCommand({ ...this.place, UploadId: this.uploadId });
    await this.client.send(command, inTime()).catch(() => undefined);
  }

  private async sendPart(): Promise<void> {
    if (this.uploadId === undefined) {
      const create = new CreateMultipartUploadCommand(this.place);
      const { UploadId } = await onS3(() => this.client.send(create, inTime(this.signal)));
      this.uploadId = UploadId;
    }
    const PartNumber = this.sent.length + 1;
    const command = new UploadPartCommand({
      ...{ ...this.place, UploadId: this.uploadId, PartNumber },
      Body: this.part.subarray(0, this.filled),
    });
    const { ETag } = await onS3(() => this.client.send(command, this.partBounds()));
    this.sent.push({ PartNumber, ETag });
    this.filled = 0;
  }

  private partBounds(): ReturnType<typeof inTime> {
    return inTime(this.signal, PART_MS, PART_ATTEMPT_MS);
  }
}
