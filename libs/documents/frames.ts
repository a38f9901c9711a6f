import type { Readable } from 'node:stream';

/** What the child process says: passages (JSON), a preview (JPEG), how it ended (JSON). */
export const FRAME_TYPES = ['passages', 'preview', 'end'] as const;
export type FrameType = (typeof FRAME_TYPES)[number];

export interface Frame {
  type: FrameType;
  body: Buffer;
}

/** No frame is longer: a batch of passages, or a preview, is a fraction of it. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const HEADER_BYTES = 5;

/** What was said is not what a child process says. */
export class FrameError extends Error {}

export function encodeFrame(type: FrameType, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(FRAME_TYPES.indexOf(type));
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

/** The frames of a stream, as they come. At most one of them is in memory. @throws FrameError */
export async function* framesOf(stream: Readable): AsyncGenerator<Frame> {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    held += (chunk as Buffer).length;
    while (held >= wanted) {
      const bytes = Buffer.concat(chunks);
      const length = lengthOf(bytes);
      wanted = HEADER_BYTES + length;
      chunks = [bytes];
      if (held < wanted) break;
      yield { type: FRAME_TYPES[bytes[0]!]!, body: bytes.subarray(HEADER_BYTES, wanted) };
      chunks = [bytes.subarray(wanted)];
      held -= wanted;
      wanted = HEADER_BYTES;
    }
  }
  if (held > 0) throw new FrameError('it ends within a frame');
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readUInt32BE(1);
  if (length > MAX_FRAME_BYTES || bytes[0]! >= FRAME_TYPES.length) throw new FrameError('that is no frame');
  return length;
}
