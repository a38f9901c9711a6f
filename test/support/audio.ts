import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder, temporaryFolder } from './child.ts';

const run = promisify(execFile);

export interface Probed {
  codec: string;
  /** In seconds, of the sound itself: it is decoded to its end. */
  duration: number;
}

/** What ffmpeg makes of a file; rejects where it cannot decode it without a complaint. */
export async function probe(bytes: Uint8Array): Promise<Probed> {
  const folder = temporaryFolder('audio');
  const file = join(folder, 'sound');
  writeFileSync(file, bytes);
  try {
    const entries = ['-show_entries', 'stream=codec_name', '-of', 'default=nw=1:nk=1'];
    const { stdout: codec } = await run('ffprobe', ['-v', 'error', ...entries, file]);
    const decode = [
      '-v',
      'error',
      '-xerror',
      '-i',
      file,
      '-f',
      's16le',
      '-ac',
      '1',
      '-ar',
      '16000',
      'pipe:1',
    ];
    const { stdout: pcm } = await run('ffmpeg', decode, { encoding: 'buffer', maxBuffer: 1024 ** 3 });
    return { codec: codec.trim(), duration: pcm.length / 32_000 };
  } finally {
    removeFolder(folder);
  }
}

/** The processes that this one has started and that still run, by id. */
export function childProcesses(program: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(
          readFileSync(`/proc/${pid}/stat`, 'utf8'),
        )!;
        return name === program && Number(parent) === process.pid && state !== 'Z';
      } catch {
        return false;
      }
    })
    .map(Number);
}
