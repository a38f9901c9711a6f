import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './child.ts';

/** A way to a port that can be long, and can be cut: then nothing gets through, and nobody is told. */
export class Line {
  /** How long everything takes, in each direction. */
  delayMs = 0;
  private readonly sockets = new Set<Socket>();
  private readonly dead = new WeakSet<Socket>();
  private whole = true;
  private server: Server | undefined;

  /** Opens it, and gives what REDIS_URL takes. */
  async to(port: number): Promise<string> {
    const own = await freePort();
    this.server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        if (!this.whole) this.dead.add(socket);
        socket.on('error', () => undefined);
      }
      const pass = (to: Socket) => (data: Buffer) =>
        setTimeout(() => !this.dead.has(to) && to.writable && to.write(data), this.delayMs);
      near.on('data', pass(far));
      far.on('data', pass(near));
    });
    await new Promise<void>((resolve) => this.server!.listen(own, '127.0.0.1', resolve));
    return `redis://127.0.0.1:${own}`;
  }

  cut(): void {
    this.whole = false;
    for (const socket of this.sockets) this.dead.add(socket);
  }

  /** What is opened from now on gets through; the rest stays as it is. */
  mend(): void {
    this.whole = true;
  }

  end(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server?.close();
  }
}
