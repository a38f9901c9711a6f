import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';

const STREAM = '/myapi/v1/chat-bot/stream';

/** A running answer of the widget, byte by byte. */
export class WidgetStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What each read of the socket brought, a character for each byte. */
  readonly chunks: string[] = [];
  readonly ended: Promise<void>;
  private readonly message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.message = message;
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.ended = new Promise((resolve, reject) => {
      message.on('data', (bytes: Buffer) => this.chunks.push(bytes.toString('latin1')));
      message.on('end', resolve);
      message.on('error', reject);
      message.on('close', resolve);
    });
  }

  get text(): string {
    return Buffer.from(this.chunks.join(''), 'latin1').toString();
  }

  /** All that came, at its end. */
  async all(): Promise<string> {
    await this.ended;
    return this.text;
  }

  /** Leaves, as a page does that is closed. */
  leave(): void {
    this.message.destroy();
  }

  /** Stops reading; the socket stays open. */
  pause(): void {
    this.message.pause();
  }
}

/** Asks, and resolves with the answer's head. */
export function askWidget(
  url: string,
  body: unknown,
  { path = STREAM, headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<WidgetStream> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const request = httpRequest(new URL(path, url), {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', ...headers },
    });
    request.on('error', reject);
    request.once('response', (message) => resolve(new WidgetStream(message)));
    request.end(JSON.stringify(body));
  });
}

/** The events of a stream as a page reads them that keeps nothing from one read to the next. */
export function eventsOf(chunks: string[]): any[] {
  const lines = chunks.flatMap((chunk) => chunk.split('\n'));
  return lines.flatMap((line) => {
    if (!line.startsWith('data: ')) return [];
    try {
      return [JSON.parse(line.slice(6))];
    } catch {
      return [];
    }
  });
}

/** The text of an answer. */
export function answerOf(events: any[]): string {
  return events.map(({ content = '' }) => content as string).join('');
}
