import { fileTypeFromBuffer } from 'file-type';
import { AppError } from '../common/errors.js';

/** Containers of sound whose name does not say so. */
const CONTAINERS = ['application/ogg', 'application/vnd.ms-asf', 'application/mxf'];
const UNKNOWN = 'application/octet-stream';

/**
 * What a recording's beginning says that it is, whatever it was called: browsers and telephones mislabel their
 * recordings. What is not known is left to the decoder.
 * @throws AppError unsupported_audio where it is something else: a picture, a document, a text
 */
export async function audioMediaType(head: Buffer): Promise<string> {
  const found = await fileTypeFromBuffer(head);
  const mime = found?.mime.split(';')[0] ?? UNKNOWN;
  const isSound = /^(audio|video)\//.test(mime) || CONTAINERS.includes(mime);
  if (found ? !isSound : isText(head)) throw new AppError('unsupported_audio');
  return mime;
}

/** UTF-8 without control characters; the last character of the beginning may be cut off. */
function isText(head: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    // oxlint-disable-next-line no-control-regex
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text);
  } catch {
    return false;
  }
}
