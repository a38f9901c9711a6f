import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ServerGrpc } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { KEEPALIVE, loadContract, MAX_MESSAGE_BYTES, PACKAGE, SERVICE } from './whisper-contract.js';

/** How long calls may still send what they have when the server closes. */
const CLOSE_MS = 2_000;

/**
 * Nest's gRPC transport for whisper.proto, with the standard health service beside it. Unlike Nest's own it tells
 * which port it got, and lets calls that are ending end when it is closed.
 */
export class WhisperGrpcServer extends ServerGrpc {
  private readonly health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' });
  private server: Server | undefined;
  private boundPort = 0;

  /** @param port 0 takes a free one */
  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    super({ package: PACKAGE, packageDefinition: loadContract() });
  }

  /** `host:port`, once it listens. */
  get address(): string {
    return `${bracketed(this.host)}:${this.boundPort}`;
  }

  serve(serving: boolean): void {
    for (const service of ['', SERVICE]) this.health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
  }

  override async createClient(): Promise<Server> {
    const server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.keepalive_time_ms': KEEPALIVE.everyMs,
      'grpc.keepalive_timeout_ms': KEEPALIVE.timeoutMs,
    });
    this.health.addToServer(server);
    this.boundPort = await new Promise<number>((resolve, reject) => {
      const target = `${bracketed(this.host)}:${this.port}`;
      server.bindAsync(target, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.server = server;
    return server;
  }

  override async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    this.serve(false);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    server.forceShutdown();
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
