import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { AppError } from '../common/errors.js';

/** As many as file-type looks at. */
const HEAD_BYTES = 4_100;

/** Lets bytes through, and knows afterwards how many there were, what they begin with, and their SHA-256. */
export class BlobMeter extends Transform {
  size = 0;
  private readonly hash = createHash('sha256');
  private readonly beginning: Buffer[] = [];

  constructor(private readonly maxBytes: number) {
    super();
  }

  get head(): Buffer {
    return Buffer.concat(this.beginning).subarray(0, HEAD_BYTES);
  }

  /** In hexadecimal; to be asked once, when everything is through. */
  sha256(): string {
    return this.hash.digest('hex');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.size < HEAD_BYTES) this.beginning.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - this.size)));
    this.size += chunk.length;
    if (this.size > this.maxBytes) {
      done(new AppError('file_too_large', { params: { maxBytes: this.maxBytes } }));
      return;
    }
    this.hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.size === 0 ? new AppError('file_empty') : null);
  }
}
