import { join } from 'node:path';
import { GrpcTranscriber } from '../../libs/whisper/grpc-transcriber.js';
import { Transcriber, type TranscriberState } from '../../libs/whisper/transcriber.js';
import { parseAddress } from '../../libs/whisper/whisper-address.js';
import { EngineError, type WhisperPiece, type WhisperResult } from '../../libs/whisper/whisper-engine.js';
import { EmbeddedWhisper } from './embedded-whisper.js';
import type { WhisperSetup } from './whisper-setup.js';

const ENTRY = join(import.meta.dirname, '../main.whisper.js');
/** How often it is looked whether somebody has set speech up since. */
const LOOK_MS = 5_000;

/** A Whisper machine of this process's own, where an engine and a model are found: also when they come later. */
export class EmbeddedTranscriber extends Transcriber {
  private inner: GrpcTranscriber | undefined;
  private child: EmbeddedWhisper | undefined;
  private timer: NodeJS.Timeout | undefined;
  private missing: string | null = null;
  private closed = false;

  /** @param find what is there now; never rejects */
  constructor(
    private readonly find: () => Promise<WhisperSetup>,
    private readonly entry = ENTRY,
  ) {
    super();
  }

  async start(): Promise<void> {
    const setup = await this.find();
    if (this.closed) return;
    if ('missing' in setup) {
      this.missing = setup.missing;
      this.timer = setTimeout(() => void this.start(), LOOK_MS).unref();
      return;
    }
    this.missing = null;
    const { environment, token } = setup;
    const inner = new GrpcTranscriber({ token });
    this.inner = inner;
    this.child = new EmbeddedWhisper({
      entry: this.entry,
      environment,
      onAddress: (address) => inner.use(address === null ? [] : [parseAddress(address)!]),
    });
    this.child.start();
  }

  state(): TranscriberState {
    const reason = this.missing ?? this.child?.reason ?? null;
    const state = this.inner?.state() ?? NOTHING;
    if (this.missing !== null) return { ...state, condition: 'not_set_up', reason };
    // A child that is gone is about to come back, unless it said that it cannot.
    if (reason !== null) return { ...state, condition: 'down', reason };
    return state.ready ? state : { ...state, condition: 'starting', reason: null };
  }

  transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult & { engine: string }> {
    if (this.inner) return this.inner.transcribe(piece, signal);
    const reason = this.missing ?? 'Whisper is starting';
    return Promise.reject(new EngineError('engine_unavailable', reason));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.inner?.close();
    await this.child?.close();
  }
}

const NOTHING: TranscriberState = {
  ready: false,
  places: 0,
  services: [],
  condition: 'starting',
  reason: null,
};
