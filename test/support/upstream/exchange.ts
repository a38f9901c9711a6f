import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './call.ts';
import type { Wire } from './protocol.ts';
import type { Switches } from './switches.ts';

export function refuse(
  call: Call,
  wire: Wire,
  status: number,
  switches: Switches | { code: undefined },
): void {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-request-id': 'req_test' };
  const { 'retry-after': seconds, 'retry-after-ms': ms } = switches as Switches;
  if (seconds !== undefined) headers['retry-after'] = seconds;
  if (ms !== undefined) headers['retry-after-ms'] = ms;
  call.head(status, headers);
  call.end(Buffer.from(JSON.stringify(wire.refusal(status, switches.code))), true);
}

export function isAuthorized(request: IncomingMessage): boolean {
  const [, key] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  return key !== undefined && key !== 'sk-bad';
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? undefined : JSON.parse(text);
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
