import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { NewStreamEvent, StreamEvent } from '../../libs/streams/event-streams.ts';

/** The n-th event of a stream that is written for a test. */
export function delta(n: number): NewStreamEvent {
  return { type: 'delta', data: { text: `第${n} "\u0000" 👩‍👩‍👧` } };
}

/** What a reader must have got of a stream with so many of them. */
export function deltas(count: number): StreamEvent[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, ...delta(index + 1) }));
}

/** A signal that never aborts. */
export function forever(): AbortSignal {
  return new AbortController().signal;
}

export async function collect(events: AsyncIterable<StreamEvent[]>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const batch of events) all.push(...batch);
  return all;
}

/** With what a promise is rejected; for those that are rejected before anybody looks. */
export function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A way to a server on this machine that can be cut. */
export class Wire {
  private readonly target: number;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private cut = false;

  constructor(target: number) {
    this.target = target;
    this.server = createServer((near) => this.join(near));
  }

  /** Returns the port of its near end. */
  open(): Promise<number> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  break(): void {
    this.cut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.cut = false;
  }

  close(): void {
    this.break();
    this.server.close();
  }

  private join(near: Socket): void {
    if (this.cut) {
      near.destroy();
      return;
    }
    const far = connect(this.target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => undefined).on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}
