import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: any;
}

/**
 * Sends a request as it is written here, byte by byte: for what no HTTP client would send. The answer is parsed where
 * it is JSON.
 */
export function sendRaw(
  baseUrl: string,
  requestLine: string,
  headers: string[] = [],
  body: string | Buffer = '',
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(baseUrl);
  const head = [`${requestLine} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''];
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(head.join('\r\n'));
      socket.write(body);
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${requestLine.slice(0, 100)}`)));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', (error) => (parts.length > 0 ? undefined : reject(error)));
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(parts))));
  });
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()];
    }),
  );
  const text = bytes.subarray(end + 4).toString();
  const isJson = /json/.test(headers['content-type'] ?? '') && headers['transfer-encoding'] === undefined;
  return { status: Number(statusLine.split(' ')[1]), headers, body: isJson ? JSON.parse(text) : text };
}
