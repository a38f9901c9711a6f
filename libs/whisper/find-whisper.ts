import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { machine } from 'node:os';
import { delimiter, join } from 'node:path';
import { BUILD_HINT, MODEL_HINT } from './engine-files.js';

export interface WhisperPlaces {
  /** WHISPER_SERVER_BIN: where the program is; nothing else is looked at then. */
  binary?: string | undefined;
  /** WHISPER_MODEL: where the model is, or its name in the folder of models. */
  model?: string | undefined;
  /** DATA_DIR/models */
  models: string;
  /** The user's caches: XDG_CACHE_HOME, or `.cache` in the home. */
  cacheHome: string;
  /** PATH */
  path: string;
}

export interface FoundWhisper {
  binary: string | null;
  model: string | null;
  /** One line that says what is missing and which commands set it up; null where both are there. */
  missing: string | null;
}

const PROGRAM = 'whisper-server';

/**
 * Looks for `whisper-server` (the one that is named, then what scripts/build-whisper built last for this machine, then
 * PATH) and for a model (the one that is named, then the one in the folder of models where it is alone).
 */
export async function findWhisper(places: WhisperPlaces): Promise<FoundWhisper> {
  const binary = await findBinary(places);
  const { model, trouble } = await findModel(places);
  const missing = [
    ...(binary ? [] : [`${places.binary ?? PROGRAM} is not there (${BUILD_HINT})`]),
    ...(trouble ? [trouble] : []),
  ];
  return {
    binary,
    model,
    missing: missing.length > 0 ? `Speech is not set up: ${missing.join('; ')}` : null,
  };
}

async function findBinary(places: WhisperPlaces): Promise<string | null> {
  if (places.binary) return (await isProgram(places.binary)) ? places.binary : null;
  const folders = places.path.split(delimiter).filter((folder) => folder.length > 0);
  const candidates = [...(await built(places.cacheHome)), ...folders.map((folder) => join(folder, PROGRAM))];
  for (const candidate of candidates) if (await isProgram(candidate)) return candidate;
  return null;
}

/** What was built for this machine or for any, newest first. */
async function built(cacheHome: string): Promise<string[]> {
  const cache = join(cacheHome, 'parley/whisper');
  const kinds = [`-${machine()}-native-${await processor()}`, `-${machine()}-portable`];
  const folders = (await readdir(cache).catch(() => [])).filter((name) =>
    kinds.some((kind) => name.endsWith(kind)),
  );
  const programs = folders.map((name) => join(cache, name, 'bin', PROGRAM));
  return newestFirst(programs);
}

async function newestFirst(files: string[]): Promise<string[]> {
  const found: { file: string; at: number }[] = [];
  for (const file of files) {
    const stats = await statsOf(file);
    if (stats) found.push({ file, at: stats.mtimeMs });
  }
  return found.toSorted((a, b) => b.at - a.at).map(({ file }) => file);
}

/** As scripts/build-whisper names a processor: a native program runs on those that have all its features. */
async function processor(): Promise<string> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const features = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1] ?? '';
  return createHash('sha256').update(features).digest('hex').slice(0, 8);
}

async function findModel({
  model,
  models,
}: WhisperPlaces): Promise<{ model: string | null; trouble: string | null }> {
  if (model) {
    const isName = !/[/\\]/.test(model) && !model.endsWith('.bin');
    const file = isName ? join(models, `ggml-${model}.bin`) : model;
    if ((await statsOf(file))?.isFile()) return { model: file, trouble: null };
    const hint = isName ? `scripts/get-whisper-model ${model} downloads it` : MODEL_HINT;
    return { model: null, trouble: `there is no Whisper model at ${file} (${hint})` };
  }
  const found = (await readdir(models).catch(() => [])).filter((name) => name.endsWith('.bin')).toSorted();
  if (found.length === 1) return { model: join(models, found[0]!), trouble: null };
  if (found.length === 0)
    return { model: null, trouble: `there is no Whisper model in ${models} (${MODEL_HINT})` };
  return {
    model: null,
    trouble: `${models} has ${found.length} models: WHISPER_MODEL says which (${found.join(', ')})`,
  };
}

async function isProgram(file: string): Promise<boolean> {
  if (!(await statsOf(file))?.isFile()) return false;
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function statsOf(file: string): Promise<Stats | undefined> {
  return stat(file).catch(() => undefined);
}
