import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BYTES_PER_MS, decode } from '../../libs/audio/decode.js';
import { type Piece, PiecePlanner, type RecordingPlan } from '../../libs/audio/pieces.js';
import { ENV, type Env } from '../config/env.js';
import { FilesService } from '../files/files.service.js';
import type { StoredFile } from '../files/stored-file.entity.js';

const FOLDER = 'parley-speech-';
/** Nobody works on one recording's decoding for so long: what is older was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 3_600_000;
const DECODE_MS = 180_000;

/** A recording that was decoded: how it is cut, and its sound, which lies on the disk and is read piece by piece. */
export interface DecodedRecording {
  plan: RecordingPlan;
  /** The sound of a piece. */
  read(piece: Piece): Promise<Buffer>;
  close(): Promise<void>;
}

/** Decodes recordings, on the disk of this machine. A process that is killed leaves next to nothing behind, for an hour. */
@Injectable()
export class Recordings implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly folder = join(tmpdir(), `${FOLDER}${randomUUID()}`);
  private cleaning: NodeJS.Timeout | undefined;

  constructor(
    private readonly files: FilesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    void this.clean();
    this.cleaning = setInterval(() => void this.clean(), LEFT_BEHIND_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.cleaning);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** To be closed by the caller. @throws AudioError; AppError not_found; the signal's reason */
  async decode(file: StoredFile, signal: AbortSignal): Promise<DecodedRecording> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const source = join(this.folder, randomUUID());
    const sound = await open(`${source}.pcm`, 'wx+', 0o600);
    try {
      // It has no name any more, so it is gone with this process at the latest.
      await rm(`${source}.pcm`);
      await pipeline(await this.files.open(file), createWriteStream(source, { mode: 0o600 }), { signal });
      const plan = await this.listen(source, sound, signal);
      return { plan, read: (piece) => readPiece(sound, piece), close: () => sound.close() };
    } catch (error) {
      await sound.close();
      throw error;
    } finally {
      await rm(source, { force: true });
    }
  }

  private async listen(source: string, sound: FileHandle, signal: AbortSignal): Promise<RecordingPlan> {
    const planner = new PiecePlanner();
    const { FFMPEG_BIN: ffmpeg, SPEECH_MAX_SECONDS: maxSeconds } = this.env;
    for await (const chunk of decode(source, { ffmpeg, maxSeconds, timeoutMs: DECODE_MS }, signal)) {
      planner.hear(chunk);
      await sound.writeFile(chunk);
    }
    return planner.plan();
  }

  private async clean(): Promise<void> {
    const names = await readdir(tmpdir()).catch(() => []);
    for (const name of names.filter((known) => known.startsWith(FOLDER))) {
      const folder = join(tmpdir(), name);
      const left = await stat(folder).catch(() => undefined);
      if (left && left.mtimeMs < Date.now() - LEFT_BEHIND_MS)
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function readPiece(sound: FileHandle, { startMs, endMs }: Piece): Promise<Buffer> {
  const pcm = Buffer.allocUnsafe((endMs - startMs) * BYTES_PER_MS);
  const { bytesRead } = await sound.read(pcm, 0, pcm.length, startMs * BYTES_PER_MS);
  return pcm.subarray(0, bytesRead);
}
