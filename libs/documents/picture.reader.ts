import sharp, { type Metadata } from 'sharp';
import { ReadingError, type ReadingResult, type ReadingSink } from './reading.js';

const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 20_000;
/** What models look at; they scale down what is larger. */
const PREVIEW_SIDE = 1_568;
const PREVIEW_QUALITY = 85;

const FORMATS = ['jpeg', 'png', 'webp', 'gif'];

/**
 * A picture, upright and scaled down, as JPEG on white: the first frame of one that moves, and nothing of what stands
 * in it about its camera and place.
 * @throws ReadingError picture_too_large before it is unpacked; file_unreadable
 */
export async function readPicture(bytes: Buffer, sink: ReadingSink): Promise<Partial<ReadingResult>> {
  restrict();
  const { width, height } = shownSize(await metadataOf(bytes));
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    throw new ReadingError('picture_too_large');
  const jpeg = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true })
    .autoOrient()
    .resize({ width: PREVIEW_SIDE, height: PREVIEW_SIDE, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: PREVIEW_QUALITY })
    .toBuffer()
    .catch(unreadable);
  await sink.preview(jpeg);
  return { width, height };
}

/** Decoders of other formats are not even tried. */
function restrict(): void {
  const operation = [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
  ];
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation });
  sharp.cache(false);
  sharp.concurrency(1);
}

async function metadataOf(bytes: Buffer): Promise<Metadata> {
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata().catch(unreadable);
  if (!FORMATS.includes(metadata.format)) throw new ReadingError('file_unreadable');
  return metadata;
}

/** As it is shown: a camera that was held upright says so beside the pixels. */
function shownSize({ width, height, pageHeight, orientation = 1 }: Metadata): {
  width: number;
  height: number;
} {
  const upright = { width, height: pageHeight ?? height };
  return orientation < 5 ? upright : { width: upright.height, height: upright.width };
}

function unreadable(error: unknown): never {
  throw new ReadingError('file_unreadable', { cause: error });
}
