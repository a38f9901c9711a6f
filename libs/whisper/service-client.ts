import {
  type ChannelOptions,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { engineErrorOf } from './grpc-failures.js';
import { authorization } from './token.guard.js';
import type { WhisperAddress } from './whisper-address.js';
import {
  KEEPALIVE,
  loadContract,
  MAX_MESSAGE_BYTES,
  requestOf,
  segmentOf,
  SERVICE,
  type StatusMessage,
  type TranscribeEvent,
  type TranscribeRequest,
} from './whisper-contract.js';
import type { WhisperPiece, WhisperResult, WhisperSegment } from './whisper-engine.js';

type Callback<T> = (error: ServiceError | null, answer?: T) => void;

/** The client that grpc-js makes from the contract. */
interface Stub {
  Transcribe(
    request: TranscribeRequest,
    metadata: Metadata,
    options: { deadline: number },
  ): ClientReadableStream<TranscribeEvent>;
  GetStatus(
    request: object,
    metadata: Metadata,
    options: { deadline: number },
    callback: Callback<StatusMessage>,
  ): void;
  close(): void;
}

const CHANNEL: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': KEEPALIVE.everyMs,
  'grpc.keepalive_timeout_ms': KEEPALIVE.timeoutMs,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // A call that failed goes to another machine, which is decided above.
  'grpc.enable_retries': 0,
  // Machines of one's own are not behind the proxy that the way out may have.
  'grpc.enable_http_proxy': 0,
  'grpc.use_local_subchannel_pool': 1,
};

const Constructor = stubConstructor();

function stubConstructor(): ServiceClientConstructor {
  let found: unknown = loadPackageDefinition(loadContract());
  for (const name of SERVICE.split('.')) found = (found as Record<string, unknown>)[name];
  return found as ServiceClientConstructor;
}

/** The contract with one machine, in the words of the port. It connects by itself, again and again. */
export class ServiceClient {
  private readonly stub: Stub;
  private readonly metadata = new Metadata();

  constructor(
    private readonly address: WhisperAddress,
    token?: string,
  ) {
    const channel = address.secure ? credentials.createSsl() : credentials.createInsecure();
    this.stub = new Constructor(address.target, channel, CHANNEL) as unknown as Stub;
    if (token !== undefined) this.metadata.set('authorization', authorization(token));
  }

  /** @throws EngineError engine_unavailable, after `timeoutMs` at the latest */
  status(timeoutMs: number): Promise<StatusMessage> {
    return new Promise((resolve, reject) => {
      this.stub.GetStatus({}, this.metadata, { deadline: Date.now() + timeoutMs }, (error, answer) => {
        if (answer) resolve(answer);
        else reject(this.failure(error ?? { code: status.UNAVAILABLE, details: 'no answer' }));
      });
    });
  }

  /** @throws EngineError, or the signal's reason */
  transcribe(
    piece: WhisperPiece,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<WhisperResult & { engine: string }> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMs;
      const call = this.stub.Transcribe(requestOf(piece), this.metadata, { deadline });
      const segments: WhisperSegment[] = [];
      const abort = () => {
        reject(signal.reason as Error);
        call.cancel();
      };
      const fail = (end: { code: status; details: string }) => {
        signal.removeEventListener('abort', abort);
        reject(this.failure(end));
      };
      signal.addEventListener('abort', abort, { once: true });
      call.on('data', ({ segment, done }: TranscribeEvent) => {
        if (segment) segments.push(segmentOf(segment));
        if (!done) return;
        signal.removeEventListener('abort', abort);
        resolve({ language: done.language ?? null, segments, engine: done.engine });
      });
      call.on('error', fail);
      call.on('end', () => fail({ code: status.UNAVAILABLE, details: 'ended before it was done' }));
    });
  }

  close(): void {
    this.stub.close();
  }

  private failure(end: { code: status; details: string }): Error {
    return engineErrorOf(end, this.address.target);
  }
}
