import { type LinkOptions, ServiceLink } from './service-link.js';
import { Transcriber, type TranscriberState } from './transcriber.js';
import type { WhisperAddress } from './whisper-address.js';
import { EngineError, type WhisperPiece, type WhisperResult } from './whisper-engine.js';

type Options = Partial<LinkOptions> & {
  /** Where services are; `use` changes that. */
  addresses?: readonly WhisperAddress[];
};

const DEFAULTS = { deadlineMs: 300_000, pollMs: 1_000, silenceMs: 5_000 };

/**
 * Whisper services over gRPC. Each is asked once a second how it is; one that does not answer for five seconds is
 * taken for gone, and what it worked on goes to another one, as it does at once where a connection breaks.
 */
export class GrpcTranscriber extends Transcriber {
  private readonly options: LinkOptions;
  private links: ServiceLink[] = [];

  constructor({ addresses = [], ...options }: Options) {
    super();
    this.options = { ...DEFAULTS, ...options };
    this.use(addresses);
  }

  /** From now on these are the services. What is under way with others may end there. */
  use(addresses: readonly WhisperAddress[]): void {
    const known = new Map(this.links.map((link) => [keyOf(link.address), link]));
    this.links = addresses.map(
      (address) => known.get(keyOf(address)) ?? new ServiceLink(address, this.options),
    );
    for (const link of known.values()) if (!this.links.includes(link)) link.close();
  }

  state(): TranscriberState {
    const services = this.links.map((link) => link.state());
    const places = services.filter(({ ready }) => ready).reduce((sum, { slots }) => sum + slots, 0);
    const ready = services.some((service) => service.ready);
    const isStarting = this.links.some(({ answers }) => answers !== false);
    const condition = ready ? 'ready' : isStarting ? 'starting' : 'down';
    const reason = condition === 'down' ? this.reason() : null;
    return { ready, places, services, condition, reason };
  }

  async transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult & { engine: string }> {
    signal.throwIfAborted();
    if (!this.links.some(({ ready }) => ready)) await this.ask(signal);
    const tried = new Set<ServiceLink>();
    const failures: EngineError[] = [];
    for (let link = this.next(tried); link; link = this.next(tried)) {
      tried.add(link);
      try {
        return await link.transcribe(piece, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof EngineError)) throw error;
        if (error.code !== 'engine_unavailable' && error.code !== 'engine_busy') throw error;
        failures.push(error);
      }
    }
    // Whoever is full works: that is better news than one that is gone.
    const best = failures.find((failure) => failure.code === 'engine_busy') ?? failures[0];
    throw best ?? new EngineError('engine_unavailable', this.reason() ?? 'no Whisper service is ready');
  }

  async close(): Promise<void> {
    this.use([]);
    return Promise.resolve();
  }

  private next(tried: ReadonlySet<ServiceLink>): ServiceLink | undefined {
    const left = this.links.filter((link) => link.ready && !tried.has(link));
    return left.toSorted((a, b) => a.load - b.load)[0];
  }

  /** Before it is said that none is ready, all are asked: one may have come back since. */
  private async ask(signal: AbortSignal): Promise<void> {
    const asked = Promise.all(this.links.map((link) => link.ask()));
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      void asked.then(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  private reason(): string | null {
    return this.links.find(({ reason }) => reason !== null)?.reason ?? null;
  }
}

function keyOf({ target, secure }: WhisperAddress): string {
  return `${secure ? 'grpcs' : 'grpc'}://${target}`;
}
