import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EngineError } from './whisper-engine.js';

export const BUILD_HINT = 'scripts/build-whisper builds it';
export const MODEL_HINT = 'scripts/get-whisper-model base downloads one';

/** How every ggml model begins: `ggml`, as a little-endian number. */
const MAGIC = 'lmgg';

/** @throws EngineError engine_refused in one line that says what to do */
export async function checkBinary(binary: string): Promise<void> {
  const isProgram = await access(binary, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isProgram) throw refused(`whisper-server is not at ${binary}: ${BUILD_HINT}`);
}

/**
 * Reads all of the model where a checksum is given, which takes some seconds for a large one.
 *
 * @throws EngineError engine_refused in one line that says what to do
 */
export async function checkModel(model: string, sha256?: string): Promise<void> {
  const found = await stat(model).catch(() => undefined);
  if (!found?.isFile()) throw refused(`There is no Whisper model at ${model}: ${MODEL_HINT}`);
  if ((await beginning(model)) !== MAGIC) throw refused(`${model} is no ggml model: ${MODEL_HINT}`);
  if (sha256 === undefined) return;
  const sum = await sha256Of(model);
  if (sum !== sha256.toLowerCase())
    throw refused(`The Whisper model ${model} is not the one that was meant: its sha256 is ${sum}`);
}

async function beginning(file: string): Promise<string> {
  const handle = await open(file).catch((error: Error) => {
    throw refused(`The Whisper model ${file} cannot be read`, error);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function refused(message: string, cause?: Error): EngineError {
  return new EngineError('engine_refused', message, cause ? { cause } : {});
}
