import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './child.ts';
import { WHISPER_BUILD_MS, whisperServerBinary } from './whisper-server.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/build-whisper');

let cache: string;

beforeEach(() => {
  cache = temporaryFolder('build-whisper');
});

interface Outcome {
  code: number;
  path: string;
  said: string;
}

function build(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, XDG_CACHE_HOME: cache, ...env } };
    const child = execFile(SCRIPT, args, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, path: stdout.trim(), said: stderr }),
    );
  });
}

/** A source whose program is what these shell commands make of `$1`, in no time. */
function source(commands: string): string {
  const dir = temporaryFolder('whisper-source');
  writeFileSync(join(dir, 'make.sh'), commands);
  writeFileSync(
    join(dir, 'CMakeLists.txt'),
    `cmake_minimum_required(VERSION 3.5)
project("whisper.cpp" VERSION 9.8.7)
set(CMAKE_SUPPRESS_REGENERATION ON)
add_custom_target(whisper-server COMMAND sh \${CMAKE_SOURCE_DIR}/make.sh \${CMAKE_BINARY_DIR}/bin/whisper-server)
`,
  );
  return dir;
}

const MAKE = 'mkdir -p "$(dirname "$1")"; echo program >"$1"; chmod +x "$1"';
const cached = () => readdirSync(join(cache, 'parley/whisper')).filter((name) => name !== '.lock');

describe('scripts/build-whisper', { timeout: 60_000 }, () => {
  it('says where the program is, at once when it is there', { timeout: WHISPER_BUILD_MS }, async () => {
    const binary = await whisperServerBinary();
    expect(binary).toMatch(/\/parley\/whisper\/[\d.]+-cpu-\w+-native-[\da-f]{8}\/bin\/whisper-server$/);
    const from = performance.now();
    expect(await build([], { XDG_CACHE_HOME: join(dirname(binary), '../../../..') })).toEqual({
      ...{ code: 0, path: binary, said: '' },
    });
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  it('names what it built by version, backend and kind of processor', async () => {
    const own = ['--source', source(MAKE)];
    const native = await build(own);
    expect(native).toMatchObject({ code: 0 });
    expect(readFileSync(native.path, 'utf8')).toBe('program\n');
    await build([...own, '--portable']);
    expect(cached().map((name) => name.replace(/-native-[\da-f]{8}/, '-native'))).toEqual(
      ['native', 'portable'].map((kind) => `9.8.7-cpu-${machine()}-${kind}`),
    );
  });

  it('leaves nothing of a build that fails, and what was there before', async () => {
    const failed = await build(['--source', source('echo the reason; exit 1')]);
    expect(failed).toMatchObject({ code: 1, path: '' });
    expect(failed.said).toContain('the reason');
    expect(failed.said.trim().split('\n').at(-1)).toBe('whisper-server could not be built');
    expect(cached()).toEqual([]);
    const { path } = await build(['--source', source(MAKE)]);
    await build(['--source', source('exit 1')]);
    expect(readFileSync(path, 'utf8')).toBe('program\n');
  });

  it('builds one at a time', async () => {
    const log = join(cache, 'log');
    const slow = source(`echo begin >>${log}; sleep 0.5; echo end >>${log}; ${MAKE}`);
    const all = await Promise.all([1, 2, 3].map(() => build(['--source', slow])));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('begin\nend\n'.repeat(3));
  });

  it('names all that is missing in one line', async () => {
    const bare = temporaryFolder('bare-path');
    for (const tool of [
      'bash',
      'sed',
      'uname',
      'cut',
      'sha256sum',
      'getconf',
      'basename',
      'dirname',
      'mkdir',
      'rm',
    ])
      symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bare, tool));
    const { code, said } = await build([], { PATH: bare });
    expect(code).toBe(1);
    expect(said.trim().split('\n').at(-1)).toBe(
      'whisper-server is built with cmake, a C++ compiler, and make or ninja: apt-get install cmake g++ make',
    );
  });

  it('refuses what it does not know', async () => {
    for (const args of [['--what'], ['--source'], ['name']]) {
      const { code, said } = await build(args);
      expect(code).toBe(2);
      expect(said).toContain('scripts/build-whisper [--cuda | --vulkan]');
    }
    mkdirSync(join(cache, 'empty'));
    expect((await build(['--source', join(cache, 'empty')])).said).toContain('There is no whisper.cpp in');
  });
});

function machine(): string {
  return execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
}
