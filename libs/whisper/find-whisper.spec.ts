import { chmodSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/child.ts';
import { WHISPER_BUILD_MS, whisperServerBinary } from '../../test/support/whisper-server.ts';
import { findWhisper, type WhisperPlaces } from './find-whisper.js';

let home: string;
let places: WhisperPlaces;

beforeEach(() => {
  home = temporaryFolder('find-whisper');
  places = {
    models: join(home, 'models'),
    cacheHome: join(home, 'cache'),
    path: `:${join(home, 'path')}:/nowhere`,
  };
});

/** @param ageSeconds how long ago it was built */
function plant(file: string, { ageSeconds = 0, mode = 0o755 } = {}): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
  const at = Date.now() / 1_000 - ageSeconds;
  utimesSync(file, at, at);
  return file;
}

describe('Where whisper-server is', () => {
  const program = (folder: string) => join(home, 'cache/parley/whisper', folder, 'bin/whisper-server');

  it('is where it is said to be, and nowhere else then', async () => {
    plant(join(home, 'path/whisper-server'));
    const named = join(home, 'own/whisper');
    const away = await findWhisper({ ...places, binary: named });
    expect(away.binary).toBeNull();
    expect(away.missing).toContain(named);
    plant(named, { mode: 0o644 });
    expect((await findWhisper({ ...places, binary: named })).binary).toBeNull();
    plant(named);
    expect((await findWhisper({ ...places, binary: named })).binary).toBe(named);
  });

  it('is in the cache, under the name that the script gives it', { timeout: WHISPER_BUILD_MS }, async () => {
    const cached = dirname(dirname(await whisperServerBinary()));
    expect((await findWhisper({ ...places, cacheHome: join(cached, '../../..') })).binary).not.toBeNull();
    const own = plant(program(basename(cached)));
    expect((await findWhisper(places)).binary).toBe(own);
    // The same home on a machine with another processor.
    renameSync(join(home, 'cache/parley/whisper', basename(cached)), `${dirname(dirname(own))}ff`);
    expect((await findWhisper(places)).binary).toBeNull();
  });

  it('is what was built last, before what is on the path', async () => {
    const onPath = plant(join(home, 'path/whisper-server'));
    expect((await findWhisper(places)).binary).toBe(onPath);
    const kind = `${(await import('node:os')).machine()}-portable`;
    plant(program(`1.9.1-cpu-${kind}`), { ageSeconds: 100 });
    const cuda = plant(program(`1.9.1-cuda-${kind}`), { ageSeconds: 50 });
    plant(program(`1.9.1-cpu-pdp11-portable`));
    plant(program(`.building-x`));
    expect((await findWhisper(places)).binary).toBe(cuda);
  });
});

describe('Where the model is', () => {
  it('is where it is said to be: a path, or a name', async () => {
    const base = plant(join(home, 'models/ggml-base.bin'));
    plant(join(home, 'models/ggml-tiny.bin'));
    expect((await findWhisper({ ...places, model: 'base' })).model).toBe(base);
    expect((await findWhisper({ ...places, model: base })).model).toBe(base);
    const small = await findWhisper({ ...places, model: 'small-q5_1' });
    expect(small.model).toBeNull();
    expect(small.missing).toContain('scripts/get-whisper-model small-q5_1');
    expect((await findWhisper({ ...places, model: '/nowhere/x.bin' })).missing).toContain('/nowhere/x.bin');
  });

  it('is the one in the folder of models, where it is alone', async () => {
    mkdirSync(join(home, 'models'));
    writeFileSync(join(home, 'models/ggml-base.bin.part'), '');
    expect((await findWhisper(places)).model).toBeNull();
    const base = plant(join(home, 'models/ggml-base.bin'));
    expect((await findWhisper(places)).model).toBe(base);
    plant(join(home, 'models/ggml-tiny.bin'));
    const two = await findWhisper(places);
    expect(two.model).toBeNull();
    expect(two.missing).toContain('WHISPER_MODEL says which (ggml-base.bin, ggml-tiny.bin)');
  });

  it('is told with the program in one line when both are missing', async () => {
    const { missing } = await findWhisper(places);
    expect(missing).toMatch(/scripts\/build-whisper .*scripts\/get-whisper-model base/);
    expect(missing).not.toContain('\n');
    plant(join(home, 'path/whisper-server'));
    plant(join(home, 'models/ggml-base.bin'));
    expect((await findWhisper(places)).missing).toBeNull();
  });
});
